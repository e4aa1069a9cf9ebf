package io.keck.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.Doc;
import io.keck.crdt.DocOptions;
import io.keck.crdt.YArray;
import io.keck.crdt.YMap;
import io.keck.crdt.YText;
import io.keck.crdt.YXmlElement;
import io.keck.crdt.YXmlText;
import io.keck.crdt.store.Update;
import io.keck.failure.TooCostly;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class HistoriesTest {
    private final Histories histories = new Histories("w", null, 100_000_000);
    private final Doc editor = client(7);

    private static Doc client(long id) {
        Doc doc = new Doc();
        doc.setClientId(id);
        return doc;
    }

    /** One transaction, one row; what it says. */
    private List<String> edit(Consumer<Doc> change) {
        byte[][] row = new byte[1][];
        try (var listening = editor.onUpdate((update, transaction) -> row[0] = update)) {
            editor.transact(transaction -> change.accept(editor));
        }
        return lines(histories.take(row[0]));
    }

    private static List<String> lines(List<BlockHistory> entries) {
        return entries.stream()
                .map(h -> h.action() + " " + String.join("/", h.parent()) + " [" + h.fieldName() + "] " + h.content())
                .toList();
    }

    @Test
    void map_writes_overwrites_andDeletes() {
        assertThat(edit(doc -> doc.getMap("m").set("k", "one"))).containsExactly("update m/k [k] one");
        assertThat(edit(doc -> doc.getMap("m").set("k", 2.5)))
                .containsExactly("delete m/k [k] one", "update m/k [k] 2.5");
        assertThat(edit(doc -> doc.getMap("m").delete("k"))).containsExactly("delete m/k [k] 2.5");
        assertThat(edit(doc -> doc.getMap("m").set("all", Map.of("x", List.of(1, "y", true)))))
                .containsExactly("update m/all [all] {\"x\":[1,\"y\",true]}");
        assertThat(edit(doc -> doc.getMap("m").set("none", null))).containsExactly("update m/none [none] null");
        assertThat(edit(doc -> doc.getMap("m").set("bytes", new byte[] {1, -1})))
                .containsExactly("update m/bytes [bytes] [1,255]");
    }

    @Test
    void array_inserts_movesAndDeletes() {
        assertThat(edit(doc -> doc.getArray("a").insert(0, List.of("one", 2, false))))
                .containsExactly("update a/0 [null] [\"one\",2,false]");
        assertThat(edit(doc -> doc.getArray("a").insert(1, List.of("between"))))
                .containsExactly("update a/1 [null] between");
        assertThat(edit(doc -> doc.getArray("a").delete(2, 1))).containsExactly("delete a/2 [null] 2");
        // a move is what editors make of it: gone from one place, written at another
        assertThat(edit(doc -> {
                    doc.getArray("a").delete(0, 1);
                    doc.getArray("a").push("one");
                }))
                .containsExactly("delete a/0 [null] one", "update a/2 [null] one");
        assertThat(editor.getArray("a").toList()).containsExactly("between", false, "one");
    }

    @Test
    void text_isInserted_formattedAndDeleted() {
        assertThat(edit(doc -> doc.getText("t").insert(0, "Hello world")))
                .containsExactly("update t/0 [null] Hello world");
        assertThat(edit(doc -> doc.getText("t").format(0, 5, Map.of("bold", true))))
                .containsExactly("update t/0 [bold] true", "update t/5 [bold] null");
        assertThat(edit(doc -> doc.getText("t").insert(11, "!"))).containsExactly("update t/11 [null] !");
        assertThat(edit(doc -> doc.getText("t").delete(0, 6))).contains("delete t/0 [null] Hello");
        assertThat(edit(doc -> doc.getText("t").insertEmbed(0, Map.of("image", "x.png"))))
                .contains("update t/0 [null] {\"image\":\"x.png\"}");
    }

    @Test
    void nestedTypes_haveAnEntryOfTheirOwn_andNoContent() {
        assertThat(edit(doc -> {
                    YMap block = new YMap();
                    doc.getMap("space:blocks").set("b1", block);
                    block.set("sys:flavour", "text");
                    block.set("sys:children", YArray.of("c1"));
                    YText text = new YText();
                    block.set("prop:text", text);
                    text.insert(0, "typed");
                }))
                .containsExactly(
                        "update space:blocks/b1 [b1] ",
                        "update space:blocks/b1/sys:flavour [sys:flavour] text",
                        "update space:blocks/b1/sys:children [sys:children] ",
                        "update space:blocks/b1/sys:children/0 [null] c1",
                        "update space:blocks/b1/prop:text [prop:text] ",
                        "update space:blocks/b1/prop:text/0 [null] typed");
        assertThat(edit(doc -> doc.getMap("space:blocks").delete("b1")))
                .containsExactly(
                        "delete space:blocks/b1 [b1] ",
                        "delete space:blocks/b1/sys:flavour [sys:flavour] text",
                        "delete space:blocks/b1/sys:children [sys:children] ",
                        "delete space:blocks/b1/sys:children/0 [null] c1",
                        "delete space:blocks/b1/prop:text [prop:text] ",
                        "delete space:blocks/b1/prop:text/0 [null] typed");
    }

    @Test
    void xml_hasNodes_attributesAndText() {
        assertThat(edit(doc -> {
                    YXmlElement p = new YXmlElement("p");
                    doc.getXmlFragment("x").push(p);
                    p.setAttribute("class", "big");
                    YXmlText text = new YXmlText();
                    p.push(text);
                    text.insert(0, "in it");
                }))
                .containsExactly(
                        "update x/0 [null] ",
                        "update x/0/class [class] big",
                        "update x/0/0 [null] ",
                        "update x/0/0/0 [null] in it");
    }

    @Test
    void subdocuments_areTheirGuid() {
        assertThat(edit(doc ->
                        doc.getMap("m").set("d", new Doc(DocOptions.create().withGuid("guid-1")))))
                .containsExactly("update m/d [d] guid-1");
        assertThat(edit(doc -> doc.getMap("m").delete("d"))).containsExactly("delete m/d [d] guid-1");
    }

    @Test
    void whatIsWrittenAndDeletedInOneRow_isADelete() {
        assertThat(edit(doc -> {
                    doc.getArray("a").push("gone");
                    doc.getArray("a").delete(0, 1);
                    doc.getArray("a").push("here");
                }))
                .containsExactly("delete a/1 [null] ", "update a/0 [null] here");
    }

    @Test
    void clientsComeInOrder_thenClocks() {
        editor.getText("t").insert(0, "b");
        Doc other = client(3);
        other.applyUpdate(editor.encodeStateAsUpdate());
        other.getMap("m").set("x", 1);
        other.getText("t").insert(0, "a");
        assertThat(lines(histories.take(other.encodeStateAsUpdate())))
                .containsExactly("update m/x [x] 1", "update t/0 [null] a", "update t/1 [null] b");
    }

    @Test
    void aSecondCopy_saysNothing() {
        editor.getText("t").insert(0, "once");
        assertThat(histories.take(editor.encodeStateAsUpdate())).hasSize(1);
        assertThat(histories.take(editor.encodeStateAsUpdate())).isEmpty();
    }

    @Test
    void whatCannotBePlacedYet_comesWithWhatItWaitedFor() {
        List<byte[]> rows = new ArrayList<>();
        editor.onUpdate((update, transaction) -> rows.add(update));
        editor.getText("t").insert(0, "a");
        editor.getText("t").insert(1, "b");
        assertThat(histories.take(rows.get(1))).isEmpty();
        assertThat(lines(histories.take(rows.get(0)))).containsExactly("update t/0 [null] a", "update t/1 [null] b");
    }

    @Test
    void aPathThatIsVeryLong_losesItsMiddle() {
        YArray[] at = {editor.getArray("a")};
        List<String> last = edit(doc -> {
            for (int i = 0; i < 300; i++) {
                YArray next = new YArray();
                at[0].push(next);
                at[0] = next;
            }
            at[0].push("deep");
        });
        String path = last.get(last.size() - 1).split(" ")[1];
        assertThat(path).startsWith("a/0/0").contains("/…/").endsWith("/0");
        assertThat(path.split("/")).hasSize(100);
    }

    @Test
    void lookingBack_tellsWhatIsStillKnown() {
        List<byte[]> rows = new ArrayList<>();
        editor.onUpdate((update, transaction) -> rows.add(update));
        editor.getText("t").insert(0, "Hello");
        editor.getText("t").insert(5, " world");
        editor.getText("t").delete(0, 1);
        Histories late = new Histories("w", editor.encodeStateAsUpdate(), 100_000_000);
        assertThat(lines(late.lookBack(rows.get(1)))).containsExactly("update t/4 [null]  world");
        assertThat(lines(late.lookBack(rows.get(0)))).containsExactly("delete t/0 [null] ", "update t/0 [null] ello");
        assertThat(lines(late.lookBack(rows.get(2)))).containsExactly("delete t/0 [null] ");
    }

    /** Rows in any form of delivery: whoever follows the entries of texts and maps has the text and the map. */
    @Test
    void followingTheEntries_givesTheDocument() {
        Random random = new Random(42);
        List<Doc> docs = List.of(client(1), client(2), client(3));
        StringBuilder text = new StringBuilder();
        for (int step = 0; step < 400; step++) {
            Doc doc = docs.get(random.nextInt(docs.size()));
            byte[][] row = new byte[1][];
            try (var listening = doc.onUpdate((update, transaction) -> row[0] = update)) {
                int length = doc.getText("t").length();
                if (length > 0 && random.nextInt(3) == 0) {
                    doc.getText("t").delete(random.nextInt(length), 1);
                } else {
                    doc.getText("t").insert(random.nextInt(length + 1), String.valueOf((char) ('a' + step % 26)));
                }
            }
            docs.forEach(other -> other.applyUpdate(row[0]));
            for (BlockHistory entry : histories.take(row[0])) {
                int at = Integer.parseInt(entry.parent().get(1));
                if (entry.action().equals("delete")) {
                    assertThat(text.substring(at, at + entry.content().length()))
                            .isEqualTo(entry.content());
                    text.delete(at, at + entry.content().length());
                } else {
                    text.insert(at, entry.content());
                }
            }
            assertThat(text).hasToString(doc.getText("t").toString());
        }
    }

    private static final Author ALICE = new Author("alice", Origin.SOCKET, Map.of("org", "7"));
    private static final Author BOB = new Author("bob", Origin.REST, Map.of());

    private static List<BlockHistory> listed(
            Doc doc, Authorship<Author> authors, Long client, String by, long skip, long limit) {
        List<BlockHistory> all = new ArrayList<>();
        Histories.of(doc, "w", client, authors, by, skip, limit).forEachRemaining(all::addAll);
        return all;
    }

    private static byte[] edit(Doc doc, Runnable edit) {
        byte[][] row = new byte[1][];
        try (var listening = doc.onUpdate((update, transaction) -> row[0] = update)) {
            edit.run();
        }
        return row[0];
    }

    @Test
    void wholeHistory_isPagedAndOfOneClient() {
        Doc doc = client(5);
        doc.getMap("m").set("a", 1);
        doc.getArray("l").push("x");
        Doc other = client(2);
        other.applyUpdate(doc.encodeStateAsUpdate());
        other.getMap("m").set("a", 2);
        Authorship<Author> none = new Authorship<>();
        List<String> all = lines(listed(other, none, null, null, 0, Long.MAX_VALUE));
        assertThat(all).containsExactly("update m/a [a] 2", "delete m/a [a] ", "update l/0 [null] x");
        assertThat(lines(listed(other, none, 5L, null, 0, Long.MAX_VALUE))).isEqualTo(all.subList(1, 3));
        assertThat(lines(listed(other, none, null, null, 1, 1))).isEqualTo(all.subList(1, 2));
        assertThat(listed(other, none, null, null, 0, 0)).isEmpty();
        assertThat(listed(other, none, 99L, null, 0, 9)).isEmpty();
        assertThat(listed(other, none, null, "unknown", 0, 9)).hasSize(3);
        assertThat(listed(other, none, null, "alice", 0, 9)).isEmpty();
    }

    @Test
    void textOfOneClient_thatTwoPrincipalsBrought_isTwoEntries() {
        Doc doc = client(5);
        Authorship<Author> authors = new Authorship<>();
        authors.add(Update.decode(edit(doc, () -> doc.getText("t").insert(0, "Hello"))), ALICE, 1_000);
        authors.add(Update.decode(edit(doc, () -> doc.getText("t").insert(5, " you"))), BOB, 2_000);
        authors.add(Update.decode(edit(doc, () -> doc.getText("t").insert(9, "!"))), null, 3_000);
        authors.add(Update.decode(edit(doc, () -> doc.getText("t").insert(10, "?"))), BOB, 4_000);

        List<BlockHistory> all = listed(doc, authors, null, null, 0, 9);
        assertThat(lines(all))
                .containsExactly(
                        "update t/0 [null] Hello",
                        "update t/5 [null]  you",
                        "update t/9 [null] !",
                        "update t/10 [null] ?");
        assertThat(all).extracting(entry -> entry.credit().author()).containsExactly(ALICE, BOB, null, BOB);
        assertThat(lines(listed(doc, authors, null, "bob", 0, 9)))
                .containsExactly("update t/5 [null]  you", "update t/10 [null] ?");
        assertThat(lines(listed(doc, authors, null, "bob", 1, 1))).containsExactly("update t/10 [null] ?");
        assertThat(lines(listed(doc, authors, null, "unknown", 0, 9))).containsExactly("update t/9 [null] !");
    }

    @Test
    void deletion_isOfWhoeverDeleted_andSaysWhoHadWritten() {
        Doc doc = client(5);
        Authorship<Author> authors = new Authorship<>();
        authors.add(Update.decode(edit(doc, () -> doc.getText("t").insert(0, "Hello"))), ALICE, 1_000);
        authors.add(Update.decode(edit(doc, () -> doc.getText("t").delete(1, 3))), BOB, 2_000);

        List<BlockHistory> all = listed(doc, authors, null, null, 0, 9);
        assertThat(lines(all)).containsExactly("update t/0 [null] H", "delete t/1 [null] ", "update t/1 [null] o");
        assertThat(all.get(1).credit()).isEqualTo(new Credit(BOB, 2_000, ALICE));
        assertThat(lines(listed(doc, authors, null, "bob", 0, 9))).containsExactly("delete t/1 [null] ");
        assertThat(listed(doc, authors, null, "alice", 0, 9)).hasSize(3);
    }

    @Test
    void content_thatWaitedForTheRowOfAnother_isItsAuthors() {
        Doc doc = client(5);
        byte[] first = edit(doc, () -> doc.getText("t").insert(0, "Hello"));
        byte[] second = edit(doc, () -> doc.getText("t").insert(5, " you"));
        Doc other = client(9);
        other.applyUpdate(first);
        byte[] third = edit(other, () -> other.getText("t").insert(0, "> "));
        Histories histories = new Histories("w", null, 100_000_000);

        assertThat(histories.of(new ChangeLog.Change(1, second, BOB, 1_000))).isEmpty();
        byte[] both = Update.merge(List.of(Update.decode(first), Update.decode(third)))
                .encode();
        List<BlockHistory> told = histories.of(new ChangeLog.Change(2, both, ALICE, 2_000));

        assertThat(told).extracting(BlockHistory::content).contains("Hello", " you", "> ");
        for (BlockHistory entry : told) {
            assertThat(entry.credit())
                    .isEqualTo(new Credit(
                            entry.content().equals(" you") ? BOB : ALICE,
                            entry.content().equals(" you") ? 1_000 : 2_000,
                            null));
        }
    }

    @Test
    void whatIsDeletedSince_isNobodysDeletion_whenARowIsToldLater() {
        Doc doc = client(5);
        byte[] first = edit(doc, () -> doc.getText("t").insert(0, "Hello"));
        doc.getText("t").delete(0, 5);
        Histories histories = new Histories("w", doc.encodeStateAsUpdate(), 100_000_000);
        assertThat(histories.of(new ChangeLog.Change(0, first, ALICE, 1_000)))
                .extracting(BlockHistory::credit)
                .containsExactly(new Credit(null, 0, ALICE));
    }

    @Test
    void json_hasTheShapeOfTheContract() {
        Credit credit = new Credit(ALICE, 1_700_000_000_000L, null);
        BlockHistory entry = new BlockHistory("w\"", "k", List.of("m", "k"), "a\nb", "update", credit);
        BlockHistory deletion = new BlockHistory("w", null, List.of("t", "0"), "", "delete", new Credit(null, 0, BOB));
        assertThat(BlockHistory.json(List.of(entry, deletion, BlockHistory.resync("v"))))
                .isEqualTo(
                        "[{\"workspace_id\":\"w\\\"\",\"field_name\":\"k\",\"parent\":[\"m\",\"k\"],"
                                + "\"content\":\"a\\nb\",\"action\":\"update\",\"by\":\"alice\",\"origin\":\"socket\","
                                + "\"at\":1700000000000,\"attributes\":{\"org\":\"7\"}},"
                                + "{\"workspace_id\":\"w\",\"field_name\":null,\"parent\":[\"t\",\"0\"],\"content\":\"\","
                                + "\"action\":\"delete\",\"by\":\"unknown\",\"origin\":\"unknown\",\"written_by\":\"bob\"},"
                                + "{\"workspace_id\":\"v\",\"field_name\":null,\"parent\":[],\"content\":\"\",\"action\":\"resync\"}]");
    }

    @Test
    void contentThatTakesTooManySteps_isGivenUp() {
        io.keck.crdt.Doc doc = new io.keck.crdt.Doc();
        doc.getArray("a").insert(0, java.util.List.of(1, 2, 3));
        doc.getMap("m").set("k", 1);
        byte[] state = doc.encodeStateAsUpdate();

        new Histories("room", state, 0);
        assertThatThrownBy(() -> new Histories("room", state, -16L * state.length))
                .isInstanceOf(TooCostly.class)
                .hasMessageContaining("room");
    }

    private static List<BlockHistory> list(java.util.Iterator<BlockHistory> changes) {
        List<BlockHistory> all = new ArrayList<>();
        changes.forEachRemaining(all::add);
        return all;
    }
}
