package io.keck.crdt.store;

import static io.keck.crdt.UpdateBuilder.id;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.Doc;
import io.keck.crdt.Session;
import io.keck.crdt.UpdateBuilder;
import io.keck.crdt.YjsOracle;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CompletenessTest {
    private static Completeness of(UpdateBuilder update) {
        return Completeness.of(Update.decode(update.bytes()));
    }

    private static UpdateBuilder client(long client, long clock) {
        return new UpdateBuilder().client(client, clock);
    }

    @Test
    void aWholeDocument_waitsForNothing() {
        assertThat(Completeness.of(Update.EMPTY).isComplete()).isTrue();
        Completeness whole = of(client(2, 0)
                .text("ab")
                .client(1, 0)
                .text("x", id(2, 1), null)
                .gc(3)
                .delete(2, 0, 1));
        assertThat(whole.isComplete()).isTrue();
        assertThat(whole).hasToString("nothing waits");
        assertThat(whole.gaps()).isEmpty();
    }

    @Test
    void aGap_aMissingOriginRightOriginAndParent_areNamed() {
        assertThat(of(client(7, 0).text("ab").skip(3).text("c", id(7, 4), null)))
                .hasToString("1 struct of 1 client waits for clocks 2 to 4 of client 7");
        assertThat(of(client(7, 4).text("c", id(7, 3), null)))
                .hasToString("1 struct of 1 client waits for clocks 0 to 3 of client 7");
        assertThat(of(client(7, 0).text("c", id(9, 5), null)))
                .hasToString("1 struct of 1 client waits for clocks 0 to 5 of client 9");
        assertThat(of(client(7, 0).text("c", null, id(9, 0))))
                .hasToString("1 struct of 1 client waits for clock 0 of client 9");
        assertThat(of(client(7, 0).struct(Refs.STRING, out -> {
                    out.writeVarUint(0);
                    out.writeVarUint(9);
                    out.writeVarUint(2);
                    out.writeVarString("in it");
                })))
                .hasToString("1 struct of 1 client waits for clocks 0 to 2 of client 9");
    }

    /** The cause is named, not what waits for what waits. */
    @Test
    void whatWaitsForWhatWaits_waitsToo() {
        Completeness chain = of(client(3, 0)
                .text("c", id(2, 0), null)
                .text("c2", id(3, 0), null)
                .client(2, 0)
                .text("b", id(1, 4), null)
                .client(1, 0)
                .text("a"));
        assertThat(chain).hasToString("3 structs of 2 clients wait for clocks 1 to 4 of client 1");
        assertThat(chain.waitingStructs()).isEqualTo(3);
        assertThat(chain.gaps()).containsExactly(new Completeness.Gap(1, 1, 5));
    }

    @Test
    void deletesOfWhatIsNotThere_wait() {
        Completeness deletes = of(client(1, 0).text("abc").delete(1, 2, 5).delete(4, 0, 2));
        assertThat(deletes.isComplete()).isFalse();
        assertThat(deletes.waitingDeletes()).isEqualTo(6);
        assertThat(deletes).hasToString("6 deleted clocks are not there");
    }

    @Test
    void manyGaps_areCounted_andFewAreNamed() {
        UpdateBuilder update = new UpdateBuilder();
        for (int client = 200; client > 0; client--) {
            update.client(client, 1).text("x", id(client, 0), null);
        }
        Completeness many = of(update);
        assertThat(many.toString())
                .startsWith("200 structs of 200 clients wait for ")
                .endsWith(" and 195 further gaps");
        assertThat(many.gaps()).hasSize(100);
    }

    /** A ring of items that name each other is never shown, though nothing is missing. */
    @Test
    void aRing_waits() {
        Completeness ring =
                of(client(2, 0).text("b", id(1, 0), null).client(1, 0).text("a", id(2, 0), null));
        assertThat(ring.isComplete()).isFalse();
        assertThat(ring).hasToString("2 structs of 2 clients wait");
    }

    /** Histories of real Yjs of which updates are lost: what waits here waits in a Doc, and in Yjs. */
    @Test
    void partsOfHistories_waitAsInYjs() throws Exception {
        List<byte[]> documents = new ArrayList<>();
        for (Session session : Session.read("small")) {
            Random random = new Random(session.id().hashCode());
            int lost = random.nextInt(4);
            StructStore store = new StructStore();
            session.updates().stream()
                    .filter(update -> random.nextInt(10) >= lost)
                    .forEach(update -> store.apply(Update.decode(update)));
            byte[] document = store.encode();
            documents.add(document);
            Completeness found = Completeness.of(Update.decode(document));
            Doc doc = Doc.of(store);
            assertThat(found.isComplete()).as(session.id()).isEqualTo(!doc.isWaiting());
            for (Completeness.Gap gap : found.gaps()) {
                assertThat(store.find(gap.client()) == null
                                || store.find(gap.client()).firstPresent(gap.from(), gap.to()) == gap.to())
                        .isTrue();
            }
            if (found.waitingStructs() > 0) {
                assertThat(found.gaps()).isNotEmpty();
            }
            session.updates().forEach(update -> store.apply(Update.decode(update)));
            assertThat(Completeness.of(Update.decode(store.encode())).isComplete())
                    .isTrue();
        }
        assertThat(documents.stream()
                        .filter(document ->
                                !Completeness.of(Update.decode(document)).isComplete()))
                .hasSizeBetween(documents.size() / 4, documents.size() - documents.size() / 10);
        try (YjsOracle yjs = YjsOracle.open()) {
            documents.forEach(document -> yjs.apply(true, null, document));
            YjsOracle.Answers answers = yjs.ask();
            for (int i = 0; i < documents.size(); i++) {
                JsonNode answer = answers.get(i);
                assertThat(answer.get("pending").booleanValue())
                        .as("document %d", i)
                        .isEqualTo(!Completeness.of(Update.decode(documents.get(i)))
                                .isComplete());
            }
        }
    }
}
