package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import io.keck.room.Documents.Answer;
import io.keck.room.Documents.RoomMissingException;
import io.keck.room.Documents.UnavailableException;
import io.keck.room.FlakyLog.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What back ends read and write, beside the sockets. */
class DocumentsTest {
    private final World world = new World();
    private final Documents documents = world.rooms.documents();

    private <T extends @Nullable Object> Answer<T> now(CompletionStage<Answer<T>> stage) {
        world.settle();
        assertThat(stage.toCompletableFuture()).isDone();
        return stage.toCompletableFuture().join();
    }

    private static Throwable failure(CompletionStage<?> stage) {
        assertThat(stage.toCompletableFuture()).isDone();
        try {
            stage.toCompletableFuture().join();
            throw new AssertionError("no failure");
        } catch (CompletionException e) {
            return e.getCause();
        }
    }

    private static String text(Doc doc) {
        return doc.getText("t").toString();
    }

    private CompletionStage<Answer<String>> write(String text) {
        return write(null, doc -> doc.getText("t").insert(doc.getText("t").length(), text));
    }

    private CompletionStage<Answer<String>> write(@Nullable String key, Consumer<Doc> edit) {
        return documents.write(ROOM, key, edit, DocumentsTest::text);
    }

    private String read() {
        return now(documents.read(ROOM, false, DocumentsTest::text)).value();
    }

    @Test
    void roomThatIsNotThere_isNotMadeByAskingForIt() {
        CompletionStage<Answer<String>> read = documents.read(ROOM, false, DocumentsTest::text);
        CompletionStage<Answer<String>> write = write("x");
        CompletionStage<Answer<byte[]>> export = documents.export(ROOM);
        world.settle();

        assertThat(failure(read)).isInstanceOf(RoomMissingException.class);
        assertThat(failure(write)).isInstanceOf(RoomMissingException.class);
        assertThat(failure(export)).isInstanceOf(RoomMissingException.class);
        assertThat(world.log.knowsName(ROOM)).isFalse();
        assertThat(world.rooms.isOpen(ROOM)).isFalse();
    }

    @Test
    void socketThatComesWhileTheRoomIsLookedFor_makesIt() {
        world.way.holding = true;
        CompletionStage<Answer<String>> read = documents.read(ROOM, false, DocumentsTest::text);
        world.settle();
        FakeClient client = world.client();
        client.connect(world.rooms, ROOM);
        world.settle();
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();

        assertThat(client.isConnected()).isTrue();
        assertThat(now(read).value()).isEmpty();
    }

    @Test
    void edit_isSeenByOthersWhenItIsCommitted_andAnsweredThen() {
        FakeClient client = world.quiet();
        world.way.holding = true;
        CompletionStage<Answer<String>> answer = write("hello");
        world.settle();
        assertThat(answer.toCompletableFuture()).isNotDone();
        assertThat(client.connection.frames).isEmpty();
        assertThat(world.rows()).isZero();

        world.way.holding = false;
        world.way.releaseAll();
        assertThat(now(answer).value()).isEqualTo("hello");
        assertThat(now(answer).seq()).isEqualTo(1);
        assertThat(client.connection.frames).hasSize(1);
        world.assertAllEqualTheLog();
    }

    @Test
    void read_seesWhatSocketsWrote_andNothingThatIsNotCommitted() {
        FakeClient client = world.quiet();
        client.type("abc");
        world.settle();
        assertThat(read()).isEqualTo("abc");
        world.way.holding = true;
        CompletionStage<Answer<String>> answer = write("d");
        world.settle();
        assertThat(read()).isEqualTo("abc");
        world.way.releaseAll();
        assertThat(now(answer).value()).isEqualTo("abcd");
        assertThat(read()).isEqualTo("abcd");
    }

    @Test
    void edits_thatComeWhileOneIsOnItsWay_shareARow_andSeeEachOther() {
        world.quiet();
        world.way.holding = true;
        List<CompletionStage<Answer<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            answers.add(write("" + i));
            world.settle();
        }
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        answers.forEach(this::now);
        assertThat(read()).isEqualTo("0123456789");
        assertThat(world.rows()).isEqualTo(2);
    }

    @Test
    void editThatThrows_changesNothing() {
        FakeClient client = world.quiet();
        CompletionStage<Answer<String>> answer = write(null, doc -> {
            doc.getText("t").insert(0, "half");
            throw new IllegalArgumentException("no");
        });
        world.settle();
        assertThat(failure(answer)).isInstanceOf(IllegalArgumentException.class);
        assertThat(world.rows()).isZero();
        assertThat(now(write("whole")).value()).isEqualTo("whole");
        assertThat(client.connection.frames).hasSize(1);
        world.assertAllEqualTheLog();
    }

    @Test
    void editThatChangesNothing_makesNoRow() {
        world.quiet();
        assertThat(now(write(null, doc -> doc.getMap("m").delete("none"))).value())
                .isEmpty();
        assertThat(world.rows()).isZero();
    }

    @Test
    void editThatChangesNothingBecauseOfOneOnItsWay_isAnsweredWithIt() {
        world.quiet();
        world.way.holding = true;
        CompletionStage<Answer<String>> first =
                write(null, doc -> doc.getMap("m").set("k", 1));
        world.settle();
        CompletionStage<Answer<String>> second = write(null, doc -> {
            if (!doc.getMap("m").has("k")) {
                doc.getMap("m").set("k", 2);
            }
        });
        world.settle();
        assertThat(second.toCompletableFuture()).isNotDone();
        world.way.holding = false;
        world.way.releaseAll();
        now(first);
        now(second);
        assertThat(world.rows()).isEqualTo(1);
    }

    @Test
    void editThatFails_isDropped_withAllThatWasMadeOnIt_andTheNextOnesWork() {
        FakeClient client = world.quiet();
        world.way.holding = true;
        CompletionStage<Answer<String>> first = write("a");
        world.settle();
        CompletionStage<Answer<String>> second = write("b");
        world.settle();
        world.way.once(Outcome.FAIL);
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();

        assertThat(failure(first))
                .isInstanceOfSatisfying(
                        UnavailableException.class,
                        e -> assertThat(e.isOutcomeUnknown()).isTrue());
        assertThat(failure(second))
                .isInstanceOfSatisfying(
                        UnavailableException.class,
                        e -> assertThat(e.isOutcomeUnknown()).isFalse());
        world.pass(World.SMALL.retryAfter());
        assertThat(now(write("c")).value()).isEqualTo("c");
        assertThat(client.connection.frames).hasSize(1);
        world.assertAllEqualTheLog();
    }

    /** With the check switched off it would be in the log with a hole before it, and nobody would ever see it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void editMadeOnOneThatFailedMeanwhile_isNotTaken(boolean checked) {
        ManualExecutor later = new ManualExecutor(1);
        World two = new World(
                World.SMALL,
                (name, context, overlays, onClosed) -> new Room(name, context, overlays, onClosed) {
                    @Override
                    boolean isLost(Edit edit) {
                        return checked && super.isLost(edit);
                    }
                },
                later);
        Documents both = two.rooms.documents();
        both.create(ROOM);
        two.settle();
        two.way.holding = true;
        List<CompletionStage<Answer<String>>> answers = new ArrayList<>();
        for (String text : List.of("a", "b")) {
            answers.add(both.write(
                    ROOM,
                    null,
                    doc -> doc.getMap("m").set(text, 1),
                    doc -> doc.getMap("m").keys().toString()));
            two.settle();
            if (text.equals("a")) {
                later.runAll();
                two.settle();
            }
        }
        two.way.once(Outcome.FAIL);
        two.way.holding = false;
        two.way.releaseAll(); // a fails, while b waits to be made on it
        two.settle();
        for (int i = 0; i < 3; i++) {
            later.runAll();
            two.pass(World.SMALL.retryAfter());
        }
        assertThat(failure(answers.get(0))).isInstanceOf(UnavailableException.class);
        if (checked) {
            assertThat(failure(answers.get(1)))
                    .isInstanceOfSatisfying(
                            UnavailableException.class,
                            e -> assertThat(e.isOutcomeUnknown()).isFalse());
        } else {
            assertThat(answers.get(1).toCompletableFuture().join().value())
                    .as("b")
                    .isEqualTo("[]");
        }
    }

    @Test
    void editThatWasCommittedThoughNobodySaidSo_isTakenInLater() {
        FakeClient client = world.quiet();
        world.way.once(Outcome.UNKNOWN);
        CompletionStage<Answer<String>> first = write("a");
        world.settle();
        assertThat(failure(first)).isInstanceOf(UnavailableException.class);
        world.pass(World.SMALL.retryAfter());
        assertThat(now(write("b")).value()).isIn("ab", "ba");
        World.assertSame(client.replica, world.saved(), "the client");
    }

    @Test
    void key_isCarriedOutOnce() {
        world.quiet();
        Consumer<Doc> edit = doc -> doc.getText("t").insert(0, "x");
        assertThat(now(write("key", edit)).value()).isEqualTo("x");
        assertThat(now(write("key", edit)).value()).isEqualTo("x");
        assertThat(now(write("other", edit)).value()).isEqualTo("xx");
        assertThat(world.rows()).isEqualTo(2);
    }

    @Test
    void keyWhoseOutcomeWasUnknown_isCarriedOutOnce() {
        world.quiet();
        Consumer<Doc> edit = doc -> doc.getText("t").insert(0, "x");
        world.way.once(Outcome.UNKNOWN);
        CompletionStage<Answer<String>> first = write("key", edit);
        world.settle();
        assertThat(failure(first)).isInstanceOf(UnavailableException.class);
        world.pass(World.SMALL.retryAfter());
        now(write("key", edit));
        now(write("after", doc -> doc.getText("t").insert(0, "y"))); // reads on past the gap
        assertThat(read()).isEqualTo("yx");
        assertThat(world.rows()).isEqualTo(2);
    }

    @Test
    void databaseAway_writesAreRefused_readsAreAnsweredStale_andSocketsGoOn() {
        FakeClient client = world.quiet();
        client.type("abc");
        world.settle();
        world.way.shared = true;
        world.way.always(Outcome.FAIL);
        client.type("d");
        world.settle();

        Answer<String> read = now(documents.read(ROOM, false, DocumentsTest::text));
        assertThat(read.value()).isEqualTo("abc");
        assertThat(read.stale()).isTrue();
        assertThat(now(documents.read(ROOM, true, DocumentsTest::text)).stale()).isTrue();
        CompletionStage<Answer<String>> write = write("x");
        world.settle();
        assertThat(failure(write))
                .isInstanceOfSatisfying(
                        UnavailableException.class,
                        e -> assertThat(e.isOutcomeUnknown()).isFalse());

        world.way.always(Outcome.OK);
        world.pass(World.SMALL.retryAfter());
        assertThat(read()).isEqualTo("abcd");
        world.assertAllEqualTheLog();
    }

    @Test
    void commitThatHangs_isNotWaitedForLongerThanTheSaveTimeout() {
        world.quiet();
        world.way.holding = true;
        CompletionStage<Answer<String>> first = write("a");
        world.settle();
        CompletionStage<Answer<String>> second = write("b");
        world.settle();
        world.pass(World.SMALL.saveTimeout() + 1);
        world.pass(World.SMALL.saveTimeout() + 1);
        assertThat(failure(first))
                .isInstanceOfSatisfying(
                        UnavailableException.class,
                        e -> assertThat(e.isOutcomeUnknown()).isTrue());
        assertThat(failure(second))
                .isInstanceOfSatisfying(
                        UnavailableException.class,
                        e -> assertThat(e.isOutcomeUnknown()).isFalse());
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        assertThat(read()).isEqualTo("a");
        world.assertAllEqualTheLog();
    }

    @Test
    void socketsUpdate_isNotSwallowedByAnEditThatIsDropped() {
        FakeClient client = world.quiet();
        client.type("abc");
        world.settle();
        world.way.holding = true;
        CompletionStage<Answer<String>> edit =
                write(null, doc -> doc.getText("t").delete(0, 1));
        world.settle();
        client.delete(client.id, 0, 1); // the same deletion
        world.settle();
        world.way.once(Outcome.FAIL);
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        world.pass(World.SMALL.retryAfter());
        assertThat(failure(edit)).isInstanceOf(UnavailableException.class);
        assertThat(read()).isEqualTo("bc");
        world.assertAllEqualTheLog();
    }

    @Test
    void documentThatIsDropped_isMadeAgain() {
        World small = new World();
        Documents one = small.rooms.documents();
        List<String> rooms = List.of("a", "b", "c");
        for (String room : rooms) {
            one.create(room);
            small.settle();
            one.write(room, null, doc -> doc.getText("t").insert(0, room.repeat(50_000)), DocumentsTest::text);
            small.settle();
        }
        for (int round = 0; round < 3; round++) {
            for (String room : rooms) {
                CompletionStage<Answer<Integer>> length =
                        one.read(room, false, doc -> doc.getText("t").length());
                small.settle();
                assertThat(length.toCompletableFuture().join().value()).isEqualTo(50_000);
            }
        }
        assertThat(small.rooms.documentCount()).isLessThan(3);
    }

    @Test
    void init_makesAndReplaces() {
        Doc doc = new Doc();
        doc.getText("t").insert(0, "first");
        Update content = Update.decode(doc.encodeStateAsUpdate());
        assertThat(done(documents.init(ROOM, content, false))).isTrue();
        assertThat(done(documents.init(ROOM, content, false))).isFalse();
        assertThat(read()).isEqualTo("first");

        FakeClient client = world.quiet();
        Doc other = new Doc();
        other.getText("t").insert(0, "second");
        assertThat(done(documents.init(ROOM, Update.decode(other.encodeStateAsUpdate()), true)))
                .isTrue();
        world.settle();
        assertThat(client.connection.closed).isNotNull();
        assertThat(world.rooms.isHeld(ROOM)).as("there is a new one").isFalse();
        assertThat(read()).isEqualTo("second");
    }

    private boolean done(CompletionStage<Boolean> stage) {
        world.settle();
        return stage.toCompletableFuture().join();
    }

    @Test
    void create_tellsWhetherItWasThere() {
        assertThat(done(documents.create(ROOM))).isTrue();
        assertThat(done(documents.create(ROOM))).isFalse();
        assertThat(read()).isEmpty();
    }

    @Test
    void deletedRoom_isMissing() {
        world.quiet();
        now(write("x"));
        assertThat(done(documents.delete(ROOM))).isTrue();
        world.settle();
        CompletionStage<Answer<String>> read = documents.read(ROOM, false, DocumentsTest::text);
        world.settle();
        assertThat(failure(read)).isInstanceOf(RoomMissingException.class);
        CompletionStage<Boolean> create = documents.create(ROOM);
        world.settle();
        assertThat(failure(create)).as("the name is held").isInstanceOf(UpdateLog.RoomGoneException.class);
    }

    @Test
    void readerThatThrows_failsAlone() {
        world.quiet();
        Function<Doc, String> bad = doc -> {
            throw new IllegalStateException("no such root");
        };
        CompletionStage<Answer<String>> answer = documents.read(ROOM, false, bad);
        world.settle();
        assertThat(failure(answer)).isInstanceOf(IllegalStateException.class);
        assertThat(read()).isEmpty();
        assertThatThrownBy(() -> now(documents.read(ROOM, false, bad))).hasMessageContaining("no such root");
    }
}
