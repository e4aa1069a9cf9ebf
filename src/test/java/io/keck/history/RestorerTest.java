package io.keck.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Author;
import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.crdt.AbstractType;
import io.keck.crdt.Doc;
import io.keck.crdt.YMap;
import io.keck.crdt.store.Update;
import io.keck.failure.HistoryGone;
import io.keck.failure.TooCostly;
import io.keck.failure.Unavailable;
import io.keck.feed.Authorship;
import io.keck.feed.ChangeLog;
import io.keck.feed.ChangeLog.Change;
import io.keck.testing.Grants;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Going back in a log of rows that Ann, Ben and their agents wrote. */
class RestorerTest {
    private static final long ROOM = 7;

    private final Rows rows = new Rows();
    private final Map<String, Doc> people = new java.util.HashMap<>();
    private final Restorer restorer = new Restorer(rows, RestorerTest::block, 1_000_000);

    /** A log without checkpoints. */
    private static final class Rows implements HistoryReader {
        final List<Change> all = new ArrayList<>();
        long first;

        @Override
        public Range range(long roomId) {
            return new Range(first, 0, all.size(), 0);
        }

        @Override
        public long seqAt(long roomId, long millis) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Checkpoint base(long roomId, long seq) {
            if (seq < first) {
                throw new HistoryGone(roomId, first, all.size());
            }
            return new Checkpoint(0, 0, null, new Authorship<>());
        }

        @Override
        public ChangeLog.Page rows(long roomId, long after, long upTo, long maxBytes) {
            int from = (int) after;
            int to = (int) Math.min(Math.min(upTo, all.size()), after + 3); // pages are short
            return new ChangeLog.Page(List.copyOf(all.subList(from, to)), all.size(), false);
        }

        @Override
        public List<Session> activity(long roomId, long before, int limit, @Nullable String by) {
            throw new UnsupportedOperationException();
        }
    }

    private static @Nullable AbstractType block(Doc doc, String id) {
        return doc.getMap("blocks").get(id) instanceof YMap block ? block : null;
    }

    private Doc now() {
        Doc doc = new Doc();
        rows.all.forEach(row -> doc.applyUpdate(row.payload()));
        return doc;
    }

    private void row(byte[] update, Author author) {
        rows.all.add(new Change(rows.all.size() + 1, update, author, 0));
    }

    private static Author author(String name, Map<String, String> attributes) {
        Grant grant = Grants.of(name, "doc", Right.READ, Right.WRITE);
        for (Map.Entry<String, String> each : attributes.entrySet()) {
            grant = grant.noting(each.getKey(), each.getValue());
        }
        return Author.byRequest(grant);
    }

    /** Somebody edits what all have written so far. */
    private long does(String who, Map<String, String> attributes, Consumer<Doc> edit) {
        Doc doc = people.computeIfAbsent(who, name -> new Doc());
        rows.all.forEach(row -> doc.applyUpdate(row.payload()));
        List<byte[]> made = new ArrayList<>();
        var seen = doc.onUpdate((update, transaction) -> made.add(update));
        doc.transact(transaction -> edit.accept(doc));
        seen.close();
        row(made.get(0), author(who, attributes));
        return rows.all.size();
    }

    private long does(String who, Consumer<Doc> edit) {
        return does(who, Map.of(), edit);
    }

    private Restorer.Prepared prepare(RestoreRequest request) {
        byte[] state = now().encodeStateAsUpdate();
        return restorer.prepare(new Restorer.Now("doc", ROOM, rows.all.size(), state), request, bytes -> true);
    }

    /** Goes back, as a row of the log; returns the answer. */
    private Restorer.Prepared goBack(RestoreRequest request) {
        Restorer.Prepared prepared = prepare(request);
        byte[] update = prepared.update();
        row(update == null ? Update.EMPTY.encode() : update, author("Cleo", Map.of(Author.RESTORE_OF, request.note())));
        return prepared;
    }

    private static RestoreRequest to(long seq) {
        return new RestoreRequest(true, seq, seq, null, null, null, null);
    }

    private RestoreRequest undo(String who, long from) {
        return new RestoreRequest(false, from, rows.all.size(), null, null, who, null);
    }

    private String text() {
        return now().getText("t").toString();
    }

    @Test
    void state_isThatOfTheRow() {
        does("Ann", doc -> doc.getText("t").insert(0, "one"));
        long then = does("Ben", doc -> doc.getText("t").insert(3, " two"));
        does("Ann", doc -> doc.getText("t").delete(0, 5));
        does("Ben", doc -> doc.getText("t").insert(0, "three "));
        Restorer.Prepared prepared = goBack(to(then));
        assertThat(text()).isEqualTo("one two");
        assertThat(prepared.outcome().inserted()).isEqualTo(5);
        assertThat(prepared.changes()).hasSize((int) prepared.changeCount()).hasSizeGreaterThan(1);
        assertThat(goBack(to(0)).outcome().inserted()).isZero();
        assertThat(text()).isEmpty();
    }

    @Test
    void whatOneDid_isTakenBack_andWhatOthersWroteStays() {
        does("Ben", doc -> doc.getText("t").insert(0, "Ben wrote this."));
        long since = rows.all.size();
        does("Ann", doc -> doc.getText("t").delete(0, 4));
        does("Ben", doc -> doc.getText("t").insert(0, "I "));
        does("Ann", doc -> doc.getText("t").insert(2, "really "));
        goBack(undo("Ann", since));
        assertThat(text()).isIn("I Ben wrote this.", "Ben I wrote this.");
    }

    @Test
    void takenBackTwice_isNotTwiceThere() {
        does("Ben", doc -> doc.getText("t").insert(0, "abc"));
        long since = does("Ben", doc -> doc.getText("t").insert(3, "def"));
        does("Ann", doc -> doc.getText("t").delete(1, 4));
        goBack(undo("Ann", since));
        assertThat(text()).isEqualTo("abcdef");
        assertThat(goBack(undo("Ann", since)).update()).isNull();
        assertThat(text()).isEqualTo("abcdef");
        does("Ann", doc -> doc.getText("t").delete(0, 1));
        goBack(undo("Ann", since));
        assertThat(text()).isEqualTo("abcdef");
    }

    @Test
    void whatAStateTookBack_isNotTakenBackAgain_untilItIsBack() {
        does("Ben", doc -> doc.getText("t").insert(0, "abc"));
        long deleted = does("Ann", doc -> doc.getText("t").delete(0, 2));
        goBack(to(1));
        assertThat(text()).isEqualTo("abc");
        assertThat(goBack(undo("Ann", 0)).update()).isNull();
        goBack(to(deleted));
        assertThat(text()).isEqualTo("c");
        goBack(undo("Ann", 0));
        assertThat(text()).isEqualTo("abc");
    }

    /** The twin: without the note in the row, the text is there twice. */
    @Test
    void restorationWithoutItsNote_isTakenBackTwice() {
        does("Ben", doc -> doc.getText("t").insert(0, "abc"));
        does("Ann", doc -> doc.getText("t").delete(0, 3));
        byte[] update = prepare(undo("Ann", 0)).update();
        assertThat(update).isNotNull();
        row(update, author("Cleo", Map.of()));
        goBack(undo("Ann", 0));
        assertThat(text()).isEqualTo("abcabc");
    }

    @Test
    void oneAgent_isTakenBack_andItsPrincipalIsNot() {
        does("Ann", doc -> doc.getText("t").insert(0, "by hand"));
        does("Ann", Map.of(Author.AGENT, "writer"), doc -> doc.getText("t").insert(0, "by a machine, "));
        goBack(new RestoreRequest(false, 0, rows.all.size(), null, null, "Ann", "writer"));
        assertThat(text()).isEqualTo("by hand");
    }

    @Test
    void oneRange_isTakenBack_andWhatCameAfterStays() {
        does("Ann", doc -> doc.getText("t").insert(0, "a"));
        does("Ann", doc -> doc.getText("t").insert(1, "b"));
        does("Ann", doc -> doc.getText("t").insert(2, "c"));
        goBack(new RestoreRequest(false, 1, 2, null, null, null, null));
        assertThat(text()).isEqualTo("ac");
    }

    @Test
    void oneRoot_goesBackAlone() {
        does("Ann", doc -> {
            doc.getText("t").insert(0, "a");
            doc.getText("u").insert(0, "a");
        });
        does("Ann", doc -> {
            doc.getText("t").insert(1, "b");
            doc.getText("u").insert(1, "b");
        });
        goBack(new RestoreRequest(true, 1, 1, "u", null, null, null));
        assertThat(text()).isEqualTo("ab");
        assertThat(now().getText("u")).hasToString("a");
        RestoreRequest unknown = new RestoreRequest(true, 1, 1, "v", null, null, null);
        assertThatThrownBy(() -> prepare(unknown)).isInstanceOf(Restorer.NotThereException.class);
    }

    @Test
    void oneBlock_goesBackAlone_alsoIfItIsDeleted() {
        does("Ann", doc -> {
            doc.getMap("blocks").set("one", YMap.of(Map.of("k", 1)));
            doc.getMap("blocks").set("two", YMap.of(Map.of("k", 1)));
        });
        does("Ben", doc -> {
            ((YMap) doc.getMap("blocks").get("one")).set("k", 2);
            ((YMap) doc.getMap("blocks").get("two")).set("k", 2);
        });
        goBack(new RestoreRequest(true, 1, 1, null, "one", null, null));
        assertThat(now().getMap("blocks").toJson()).isEqualTo(Map.of("one", Map.of("k", 1.0), "two", Map.of("k", 2.0)));
        does("Ben", doc -> doc.getMap("blocks").delete("one"));
        goBack(new RestoreRequest(true, 1, 1, null, "one", null, null));
        assertThat(now().getMap("blocks").toJson()).isEqualTo(Map.of("one", Map.of("k", 1.0), "two", Map.of("k", 2.0)));
        RestoreRequest unknown = new RestoreRequest(true, 1, 1, null, "three", null, null);
        assertThatThrownBy(() -> prepare(unknown)).isInstanceOf(Restorer.NotThereException.class);
    }

    @Test
    void whatIsNotKept_isRefused() {
        does("Ann", doc -> doc.getText("t").insert(0, "a"));
        does("Ann", doc -> doc.getText("t").insert(0, "b"));
        rows.first = 2;
        assertThatThrownBy(() -> prepare(to(1))).isInstanceOf(HistoryGone.class);
    }

    @Test
    void tooManySteps_areRefused() {
        for (int i = 0; i < 50; i++) {
            does("Ann", doc -> doc.getArray("a").insert(0, List.of(1)));
        }
        byte[] state = now().encodeStateAsUpdate();
        Restorer strict = new Restorer(rows, RestorerTest::block, -16L * state.length + 10);
        assertThatThrownBy(() -> strict.prepare(new Restorer.Now("doc", ROOM, 50, state), to(40), bytes -> true))
                .isInstanceOf(TooCostly.class);
    }

    @Test
    void withoutMemory_nothingIsRead() {
        does("Ann", doc -> doc.getText("t").insert(0, "a"));
        byte[] state = now().encodeStateAsUpdate();
        assertThatThrownBy(() -> restorer.prepare(new Restorer.Now("doc", ROOM, 1, state), to(0), bytes -> false))
                .isInstanceOf(Unavailable.class);
    }
}
