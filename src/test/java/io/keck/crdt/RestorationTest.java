package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.Restoration.Outcome;
import io.keck.crdt.Restoration.Reason;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a restoration does with the cases that random histories rarely have; two people, Ann and Ben, edit. */
class RestorationTest {
    /** All updates in order, and by whom. */
    private final List<byte[]> log = new ArrayList<>();

    private final List<Doc> authors = new ArrayList<>();
    private final Doc ann = person(1);
    private final Doc ben = person(2);

    private Doc person(long id) {
        Doc doc = new Doc();
        doc.setClientId(id);
        doc.onUpdate((update, transaction) -> {
            if (transaction.isLocal()) {
                log.add(update);
                authors.add(doc);
            }
        });
        return doc;
    }

    /** Both see everything. */
    private void sync() {
        for (Doc doc : List.of(ann, ben)) {
            log.forEach(update -> doc.applyUpdate(update));
        }
    }

    private Doc replica(boolean gc, int rows) {
        Doc doc = new Doc(DocOptions.create().withGc(gc));
        log.subList(0, rows).forEach(doc::applyUpdate);
        return doc;
    }

    /** Takes back what one of them did from a row on. */
    private Restoration without(Doc author, int from) {
        DeleteSet inserted = new DeleteSet();
        DeleteSet deleted = new DeleteSet();
        deleted.addAll(replica(false, from).deletes());
        for (int i = from; i < log.size(); i++) {
            Update update = Update.decode(log.get(i));
            if (authors.get(i) == author) {
                StateVector before = replica(true, i).stateVector();
                StateVector after = replica(true, i + 1).stateVector();
                after.asMap().forEach((client, clock) -> {
                    if (before.clock(client) < clock) {
                        inserted.add(client, before.clock(client), clock);
                    }
                });
            } else {
                update.forEachDelete(deleted::add);
            }
        }
        return Restoration.without(replica(false, log.size()), inserted, deleted);
    }

    private static List<Reason> reasons(Outcome outcome) {
        return outcome.left().stream().map(Restoration.Left::reason).toList();
    }

    @Test
    void restoredTwice_changesNothingTheSecondTime() {
        ann.getText("t").insert(0, "one");
        ann.getMap("m").set("k", 1);
        int then = log.size();
        ann.getText("t").delete(0, 3);
        ann.getMap("m").set("k", 2);
        Doc target = replica(true, log.size());
        assertThat(Restoration.to(replica(true, then)).apply(target, null).inserted())
                .isEqualTo(4);
        assertThat(target.getText("t")).hasToString("one");
        assertThat(target.getMap("m").get("k")).isEqualTo(1.0);
        ann.applyUpdate(target.encodeStateAsUpdate());
        assertThat(ann.getText("t")).hasToString("one");
        Outcome again = Restoration.to(replica(true, then)).inRoot("m").apply(target, null);
        assertThat(again.isUnchanged()).isTrue();
    }

    @Test
    void contentOfBothMoments_keepsItsIdentity() {
        ann.getText("t").insert(0, "abc");
        int then = log.size();
        ann.getText("t").delete(1, 1);
        Doc target = replica(true, log.size());
        RelativePosition place = RelativePosition.of(target.getText("t"), 2);
        Outcome outcome = Restoration.to(replica(true, then)).apply(target, null);
        assertThat(outcome.inserted()).isEqualTo(1);
        assertThat(outcome.deleted()).isZero();
        assertThat(target.getText("t")).hasToString("abc");
        assertThat(place.resolve(target).index()).isEqualTo(3);
    }

    @Test
    void otherRoots_stayAsTheyAre() {
        ann.getText("t").insert(0, "abc");
        ann.getArray("a").push(1);
        int then = log.size();
        ann.getText("t").insert(3, "d");
        ann.getArray("a").push(2);
        Doc target = replica(true, log.size());
        Restoration.to(replica(true, then)).inRoot("a").apply(target, null);
        assertThat(target.getText("t")).hasToString("abcd");
        assertThat(target.getArray("a").toList()).containsExactly(1.0);
    }

    @Test
    void textThatBenWroteIntoAnnsParagraph_keepsTheParagraph() {
        YXmlElement paragraph = new YXmlElement("p");
        ann.getXmlFragment("x").insert(0, List.of(paragraph));
        YXmlText text = new YXmlText("Ann");
        paragraph.insert(0, List.of(text));
        sync();
        ((YXmlText) ((YXmlElement) ben.getXmlFragment("x").get(0)).get(0)).insert(3, " and Ben");
        Doc target = replica(true, log.size());
        Outcome outcome = without(ann, 0).apply(target, null);
        assertThat(target.getXmlFragment("x")).hasToString("<p> and Ben</p>");
        assertThat(reasons(outcome)).containsExactly(Reason.CONTAINER, Reason.CONTAINER);
    }

    @Test
    void attributeThatBenSetOnAnnsParagraph_goesWithItAndIsListed() {
        ann.getXmlFragment("x").insert(0, List.of(new YXmlElement("p")));
        sync();
        ((YXmlElement) ben.getXmlFragment("x").get(0)).setAttribute("level", "2");
        Doc target = replica(true, log.size());
        Outcome outcome = without(ann, 0).apply(target, null);
        assertThat(target.getXmlFragment("x").length()).isZero();
        assertThat(reasons(outcome)).containsExactly(Reason.CONTAINED);
        assertThat(outcome.left().get(0).entry().key()).isEqualTo("level");
        assertThat(outcome.left().get(0).entry().content()).isEqualTo(List.of("2"));
    }

    @Test
    void keyThatBenSetAfterAnn_staysAndIsListed() {
        ben.getMap("m").set("k", "old");
        sync();
        ann.getMap("m").set("k", "Ann");
        sync();
        ben.getMap("m").set("k", "Ben");
        ann.getMap("m").set("other", 1);
        Doc target = replica(true, log.size());
        Outcome outcome = without(ann, 1).apply(target, null);
        assertThat(target.getMap("m").toJson()).isEqualTo(Map.of("k", "Ben"));
        assertThat(reasons(outcome)).containsExactly(Reason.REPLACED);
    }

    @Test
    void keyThatAnnSetAfterBen_hasItsOldValueAgain() {
        ben.getMap("m").set("k", "old");
        sync();
        ann.getMap("m").set("k", "Ann");
        ann.getMap("m").set("k", "Ann again");
        Doc target = replica(true, log.size());
        assertThat(without(ann, 1).apply(target, null).inserted()).isEqualTo(1);
        assertThat(target.getMap("m").toJson()).isEqualTo(Map.of("k", "old"));
    }

    @Test
    void keyThatBenDeletedAfterAnn_staysDeleted() {
        ben.getMap("m").set("k", "old");
        sync();
        ann.getMap("m").set("k", "Ann");
        sync();
        ben.getMap("m").delete("k");
        Doc target = replica(true, log.size());
        Outcome outcome = without(ann, 1).apply(target, null);
        assertThat(outcome.isUnchanged()).isTrue();
        assertThat(reasons(outcome)).containsExactly(Reason.REPLACED);
    }

    @Test
    void textThatBothDeleted_staysDeleted() {
        ben.getText("t").insert(0, "one two three");
        sync();
        int then = log.size();
        ann.getText("t").delete(0, 8);
        ben.getText("t").delete(4, 9);
        Doc target = replica(true, log.size());
        without(ann, then).apply(target, null);
        assertThat(target.getText("t")).hasToString("one ");
    }

    @Test
    void paragraphThatAnnDeletedWhileBenWrote_comesBackWithWhatBenWrote() {
        ben.getXmlFragment("x").insert(0, List.of(new YXmlText("Hello")));
        sync();
        int then = log.size();
        ann.getXmlFragment("x").delete(0, 1);
        ((YXmlText) ben.getXmlFragment("x").get(0)).insert(5, ", world");
        Doc target = replica(true, log.size());
        assertThat(target.getXmlFragment("x").length()).isZero();
        without(ann, then).apply(target, null);
        assertThat(target.getXmlFragment("x")).hasToString("Hello, world");
    }

    @Test
    void contentThatWasCollectedBeforeItCame_isListed() {
        ben.getText("t").insert(0, "secret");
        ben.getText("t").insert(6, " and more");
        Doc collected = new Doc();
        log.forEach(collected::applyUpdate);
        sync();
        ann.getText("t").delete(0, 6);
        log.forEach(collected::applyUpdate);
        byte[] whole = collected.encodeStateAsUpdate();
        Doc all = new Doc(DocOptions.create().withGc(false));
        all.applyUpdate(whole);
        Doc target = new Doc();
        target.applyUpdate(whole);
        Outcome outcome =
                Restoration.without(all, new DeleteSet(), new DeleteSet()).apply(target, null);
        assertThat(outcome.isUnchanged()).isTrue();
        assertThat(reasons(outcome)).containsExactly(Reason.COLLECTED);
        assertThat(outcome.leftCount()).isEqualTo(1);
    }

    @Test
    void subdocument_comesBackUnderItsGuid() {
        ann.getMap("m").set("d", new Doc(DocOptions.create().withGuid("the guid")));
        int then = log.size();
        ann.getMap("m").delete("d");
        Doc target = replica(true, log.size());
        Restoration.to(replica(true, then)).apply(target, null);
        assertThat(target.subdocGuids()).containsExactly("the guid");
    }

    @Test
    void oneType_isRestoredAlone() {
        ann.getMap("m").set("one", YMap.of(Map.of("k", 1)));
        ann.getMap("m").set("two", YMap.of(Map.of("k", 1)));
        int then = log.size();
        ((YMap) ann.getMap("m").get("one")).set("k", 2);
        ((YMap) ann.getMap("m").get("two")).set("k", 2);
        Doc source = replica(true, then);
        Doc target = replica(true, log.size());
        Restoration.to(source)
                .inType((YMap) source.getMap("m").get("one"), (YMap)
                        target.getMap("m").get("one"))
                .apply(target, null);
        assertThat(target.getMap("m").toJson()).isEqualTo(Map.of("one", Map.of("k", 1.0), "two", Map.of("k", 2.0)));
    }

    @Test
    void oneDeletedType_comesBackWhereItWas() {
        ann.getXmlFragment("x").insert(0, List.of(new YXmlText("a"), new YXmlText("b"), new YXmlText("c")));
        int then = log.size();
        ann.getXmlFragment("x").delete(1, 1);
        ann.getXmlFragment("x").insert(2, List.of(new YXmlText("d")));
        Doc source = replica(true, then);
        Doc target = replica(true, log.size());
        Restoration.to(source)
                .inType((AbstractType) source.getXmlFragment("x").get(1), null)
                .apply(target, null);
        assertThat(target.getXmlFragment("x")).hasToString("abcd");
    }

    @Test
    void oneDeletedTypeInADeletedType_isRefused() {
        ann.getMap("m").set("outer", YMap.of(Map.of("inner", YMap.of(Map.of("k", 1)))));
        int then = log.size();
        ann.getMap("m").delete("outer");
        Doc source = replica(true, then);
        Doc target = replica(true, log.size());
        YMap inner = (YMap) ((YMap) source.getMap("m").get("outer")).get("inner");
        byte[] before = target.encodeStateAsUpdate();
        assertThatThrownBy(() -> Restoration.to(source).inType(inner, null).apply(target, null))
                .isInstanceOf(Restoration.HomelessException.class);
        assertThat(target.encodeStateAsUpdate()).isEqualTo(before);
    }

    @Test
    void tooManySteps_areRefused() {
        for (int i = 0; i < 100; i++) {
            ann.getText("t").insert(0, "ab");
        }
        ann.getText("t").delete(0, 200);
        Doc target = replica(true, log.size());
        assertThatThrownBy(() -> Restoration.to(replica(true, 100)).atMost(50).apply(target, null))
                .isInstanceOf(Restoration.TooManyStepsException.class);
    }

    @Test
    void sourceThatDropsDeletedContent_isRefused() {
        assertThatThrownBy(() -> Restoration.without(new Doc(), new DeleteSet(), new DeleteSet()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
