package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.Refused;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.protocol.CloseReason;
import io.keck.room.Documents.Answer;
import io.keck.room.FlakyLog.Outcome;
import io.keck.testing.OpenDocuments;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What back ends read and write, beside the sockets. */
class DocumentsTest {
    private final World world = new World();
    private final OpenDocuments documents = OpenDocuments.of(world.rooms);

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
        return documents.write(ROOM, key == null ? null : new RequestKey(key, "1 edit"), edit, DocumentsTest::text);
    }

    private String read() {
        return now(documents.read(ROOM, false, DocumentsTest::text)).value();
    }

    @BeforeEach
    void rooms_areMadeByABackEnd() {
        world.log.makeOnConnect();
    }

    @Test
    void roomThatIsNotThere_isNotMadeByAskingForIt() {
        CompletionStage<Answer<String>> read = documents.read(ROOM, false, DocumentsTest::text);
        CompletionStage<Answer<String>> write = write("x");
        CompletionStage<Answer<byte[]>> export =
                documents.export(ROOM, new Exports(Runnable::run, 1), StructStore::encode);
        world.settle();

        assertThat(failure(read)).isInstanceOf(RoomMissing.class);
        assertThat(failure(write)).isInstanceOf(RoomMissing.class);
        assertThat(failure(export)).isInstanceOf(RoomMissing.class);
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
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isTrue());
        assertThat(failure(second))
                .isInstanceOfSatisfying(
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isFalse());
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
                Rooms.Maker.with(new Safeguards() {
                    @Override
                    public boolean dropsDependentEdits() {
                        return checked;
                    }
                }),
                later);
        OpenDocuments both = OpenDocuments.of(two.rooms);
        both.create(ROOM, DocumentsTest::text);
        two.settle();
        both.read(ROOM, false, DocumentsTest::text);
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
        assertThat(failure(answers.get(0))).isInstanceOf(Unavailable.class);
        if (checked) {
            assertThat(failure(answers.get(1)))
                    .isInstanceOfSatisfying(
                            Unavailable.class,
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
        assertThat(failure(first)).isInstanceOf(Unavailable.class);
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

    /** With the key forgotten, as in the twin, the repeat removes what somebody else wrote in between. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void keyOfAnEditThatChangesNothing_isKept(boolean forgotten) {
        world.quiet();
        world.way.forgetsKeys = forgotten;
        Consumer<Doc> remove = doc -> doc.getMap("m").delete("k");
        now(write("x", remove));
        assertThat(world.rows()).isZero();
        now(write(null, doc -> doc.getMap("m").set("k", 1)));
        now(write("x", remove));
        assertThat(now(documents.read(ROOM, false, doc -> doc.getMap("m").has("k")))
                        .value())
                .isEqualTo(!forgotten);
    }

    @Test
    void keyOfAnEditThatChangesNothing_whoseOutcomeIsUnknown_isCalledSo() {
        world.quiet();
        world.way.once(Outcome.UNKNOWN);
        CompletionStage<Answer<String>> first =
                write("x", doc -> doc.getMap("m").delete("k"));
        world.settle();
        assertThat(failure(first))
                .isInstanceOfSatisfying(
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isTrue());
        world.pass(World.SMALL.retryAfter());
        assertThat(now(write("y", doc -> doc.getText("t").insert(0, "y"))).value())
                .as("the room goes on")
                .isEqualTo("y");
    }

    @Test
    void editThatIsRefused_leavesNoKey() {
        world.quiet();
        CompletionStage<Answer<String>> refused = write("x", doc -> {
            throw new IllegalArgumentException("no");
        });
        world.settle();
        assertThat(failure(refused)).isInstanceOf(IllegalArgumentException.class);
        assertThat(now(write("x", doc -> doc.getText("t").insert(0, "x"))).value())
                .isEqualTo("x");
    }

    @Test
    void keyOfAnotherRequest_changesNothing() {
        world.quiet();
        now(write("k", doc -> doc.getText("t").insert(0, "x")));
        for (Consumer<Doc> edit : List.<Consumer<Doc>>of(doc -> doc.getText("t").insert(0, "y"), doc -> {})) {
            CompletionStage<Answer<String>> other =
                    documents.write(ROOM, new RequestKey("k", "1 another edit"), edit, DocumentsTest::text);
            world.settle();
            assertThat(failure(other)).isInstanceOf(Refused.class);
        }
        assertThat(read()).isEqualTo("x");
        assertThat(world.rows()).isEqualTo(1);
    }

    /** With the safeguard switched off the edit is made, and its answer cannot be: which must not look like a failed edit. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void documentThatIsEdited_staysUntilTheLastEditIsAnswered(boolean kept) {
        World small = new World(new DocumentBudget(50_000) {
            @Override
            boolean isKept(boolean edited) {
                return kept && super.isKept(edited);
            }
        });
        OpenDocuments all = OpenDocuments.of(small.rooms);
        for (String room : List.of("a", "b", "c")) {
            all.create(room, DocumentsTest::text);
            small.settle();
            all.write(room, null, doc -> doc.getText("t").insert(0, room.repeat(30_000)), DocumentsTest::text);
            small.settle();
        }
        small.way.holding = true;
        List<CompletionStage<Answer<Integer>>> edits = new ArrayList<>();
        for (String key : new String[] {null, null, "x", "y"}) {
            edits.add(all.write(
                    "a",
                    key == null ? null : new RequestKey(key, "1 edit"),
                    doc -> doc.getText("t").insert(0, "1"),
                    doc -> doc.getText("t").length()));
            small.settle();
        }
        for (String other : List.of("b", "c")) { // they push the first out of the budget
            all.read(other, true, DocumentsTest::text);
            small.settle();
        }
        assertThat(small.rooms.documentCount()).isEqualTo(kept ? 2 : 1);
        small.way.holding = false;
        small.way.releaseAll();
        small.settle();
        if (kept) {
            assertThat(edits)
                    .extracting(edit -> edit.toCompletableFuture().join().value())
                    .containsExactly(30_001, 30_002, 30_003, 30_004);
        } else {
            assertThat(failure(edits.get(0)))
                    .isInstanceOfSatisfying(
                            Unavailable.class,
                            e -> assertThat(e.isOutcomeUnknown()).isTrue());
        }
        assertThat(small.rooms.documentCount()).as("the budget holds again").isEqualTo(1);
        assertThat(small.rooms.documentBytes()).isLessThan(200_000);
        assertThat(Doc.of(small.log.replay("a")).getText("t").length()).isEqualTo(30_004);
    }

    /** The document of an edit that was answered may be dropped, so an answer after its late commit could not be made. */
    @Test
    void editThatWasAnswered_isNotReadForAfterItsCommit() {
        world.quiet();
        now(write("k", doc -> doc.getText("t").insert(0, "x")));
        int[] read = new int[1];
        world.way.holding = true;
        CompletionStage<Answer<Boolean>> edit =
                documents.write(ROOM, null, doc -> doc.getText("t").insert(0, "y"), doc -> ++read[0] > 0);
        world.settle();
        for (int i = 0; i < 600 && !edit.toCompletableFuture().isDone(); i++) {
            world.pass(100);
        }
        assertThat(failure(edit)).isInstanceOf(Unavailable.class);
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        assertThat(world.rows()).as("it was committed late").isEqualTo(2);
        assertThat(read[0]).isZero();
    }

    @Test
    void answerThatCannotBeMade_isNoFailedEdit() {
        world.quiet();
        for (RuntimeException error : List.of(new IllegalStateException("no"), new Unavailable("no", false))) {
            CompletionStage<Answer<String>> answer =
                    documents.write(ROOM, null, doc -> doc.getText("t").insert(0, "x"), doc -> {
                        throw error;
                    });
            world.settle();
            assertThat(failure(answer))
                    .isInstanceOfSatisfying(
                            Unavailable.class,
                            e -> assertThat(e.isOutcomeUnknown()).isTrue());
        }
        assertThat(read()).isEqualTo("xx");
    }

    @Test
    void repeatThatCannotBeRead_isNoEditThatWasNotDone() {
        world.quiet();
        Consumer<Doc> edit = doc -> doc.getText("t").insert(0, "x");
        now(write("k", edit));
        CompletionStage<Answer<String>> repeat = documents.write(
                ROOM,
                new RequestKey("k", "1 edit"),
                doc -> {
                    var unused =
                            world.rooms.drain(io.keck.protocol.CloseReason.restart()); // before its outcome is known
                    edit.accept(doc);
                },
                DocumentsTest::text);
        world.settle();
        assertThat(failure(repeat))
                .isInstanceOfSatisfying(
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isTrue());
    }

    @Test
    void editOnItsWayIntoARoomThatIsDeleted_isOfUnknownOutcome_unlessTheLogRefusesIt() {
        world.quiet();
        world.way.answersLate = true;
        CompletionStage<Answer<String>> made = write("x");
        world.settle();
        world.way.answersLate = false;
        var unused = world.rooms.delete(ROOM, null); // the room ends before the log's answer comes
        world.settle();
        world.way.releaseAnswers();
        world.settle();
        assertThat(failure(made))
                .isInstanceOfSatisfying(
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isTrue());
    }

    @Test
    void keyWhoseOutcomeWasUnknown_isCarriedOutOnce() {
        world.quiet();
        Consumer<Doc> edit = doc -> doc.getText("t").insert(0, "x");
        world.way.once(Outcome.UNKNOWN);
        CompletionStage<Answer<String>> first = write("key", edit);
        world.settle();
        assertThat(failure(first)).isInstanceOf(Unavailable.class);
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
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isFalse());

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
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isTrue());
        assertThat(failure(second))
                .isInstanceOfSatisfying(
                        Unavailable.class, e -> assertThat(e.isOutcomeUnknown()).isFalse());
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
        assertThat(failure(edit)).isInstanceOf(Unavailable.class);
        assertThat(read()).isEqualTo("bc");
        world.assertAllEqualTheLog();
    }

    @Test
    void documentThatIsDropped_isMadeAgain() {
        World small = new World();
        OpenDocuments one = OpenDocuments.of(small.rooms);
        List<String> rooms = List.of("a", "b", "c");
        for (String room : rooms) {
            one.create(room, DocumentsTest::text);
            small.settle();
            one.write(room, null, doc -> doc.getText("t").insert(0, room.repeat(400_000)), DocumentsTest::text);
            small.settle();
        }
        for (int round = 0; round < 3; round++) {
            for (String room : rooms) {
                CompletionStage<Answer<Integer>> length =
                        one.read(room, false, doc -> doc.getText("t").length());
                small.settle();
                assertThat(length.toCompletableFuture().join().value()).isEqualTo(400_000);
            }
        }
        assertThat(small.rooms.documentCount()).isLessThan(3);
    }

    @Test
    void init_makesAndReplaces() {
        Doc doc = new Doc();
        doc.getText("t").insert(0, "first");
        Update content = Update.decode(doc.encodeStateAsUpdate());
        assertThat(done(documents.init(ROOM, content, false))).isPresent();
        assertThat(done(documents.init(ROOM, content, false))).isEmpty();
        assertThat(read()).isEqualTo("first");

        FakeClient client = world.quiet();
        Doc other = new Doc();
        other.getText("t").insert(0, "second");
        assertThat(done(documents.init(ROOM, Update.decode(other.encodeStateAsUpdate()), true))
                        .orElseThrow()
                        .value())
                .isEqualTo(other.encodeStateAsUpdate());
        assertThat(client.connection.closed).isEqualTo(CloseReason.deleted());
        assertThat(world.rooms.mayBeHeld(ROOM)).as("there is a new one").isFalse();
        assertThat(read()).isEqualTo("second");
    }

    private <T> T done(CompletionStage<T> stage) {
        world.settle();
        return stage.toCompletableFuture().join();
    }

    @Test
    void create_answersFromTheRoom_newOrNot() {
        Answer<String> made = done(documents.create(ROOM, DocumentsTest::text));
        now(write("x"));
        Answer<String> there = done(documents.create(ROOM, DocumentsTest::text));
        assertThat(made.value()).isEmpty();
        assertThat(there.value()).isEqualTo("x");
        assertThat(there.roomId()).isEqualTo(made.roomId());
    }

    @Test
    void deletedRoom_isMissing() {
        world.quiet();
        now(write("x"));
        assertThat(done(documents.delete(ROOM))).isTrue();
        world.settle();
        CompletionStage<Answer<String>> read = documents.read(ROOM, false, DocumentsTest::text);
        world.settle();
        assertThat(failure(read)).isInstanceOf(RoomMissing.class);
        assertThat(world.rooms.mayBeHeld(ROOM)).isTrue();
        assertThat(done(documents.create(ROOM, DocumentsTest::text)).value())
                .as("a back end creates it though the name is held")
                .isEmpty();
        assertThat(world.rooms.mayBeHeld(ROOM)).isFalse();
    }

    /** The end of a life overtakes the answer to an edit that changes nothing, which the next life then gives. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void editThatChangesNothing_whileItsRoomEnds_isAnsweredByTheNextLife(boolean replaced) {
        ManualExecutor turns = new ManualExecutor(2);
        World slow = new World(World.SMALL, World.ROOMS, turns);
        slow.log.makeOnConnect();
        slow.quiet();
        OpenDocuments all = OpenDocuments.of(slow.rooms);
        CompletionStage<Answer<String>> answer = all.write(ROOM, null, doc -> {}, DocumentsTest::text);
        slow.settle();
        Doc other = new Doc();
        other.getText("t").insert(0, "next");
        var unused = replaced ? all.init(ROOM, Update.decode(other.encodeStateAsUpdate()), true) : all.delete(ROOM);
        slow.settle();
        assertThat(answer.toCompletableFuture()).isNotDone();
        do {
            turns.runAll();
            slow.settle();
        } while (turns.runOne());

        if (replaced) {
            assertThat(answer.toCompletableFuture().join().value()).isEqualTo("next");
        } else {
            assertThat(failure(answer)).isInstanceOf(RoomMissing.class);
        }
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
