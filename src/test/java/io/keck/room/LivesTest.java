package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import io.keck.room.Documents.Answer;
import io.keck.room.FlakyLog.Outcome;
import io.keck.testing.Grants;
import io.keck.testing.OpenDocuments;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What begins after a life of a name began or ended meets the name as it is then, on every node. */
class LivesTest extends SeveralNodes {
    /** A safeguard that is off. */
    private final World a = node(Twin.NONE);

    private final World b = node(Twin.NONE);

    private static String text(Doc doc) {
        return doc.getText("t").toString();
    }

    private static String textOf(byte[] update) {
        Doc doc = new Doc();
        doc.applyUpdate(update);
        return text(doc);
    }

    private static Update content(String text) {
        Doc doc = new Doc();
        doc.getText("t").insert(0, text);
        return Update.decode(doc.encodeStateAsUpdate());
    }

    private CompletionStage<Answer<String>> read(World node, boolean local) {
        return OpenDocuments.of(node.rooms).read(ROOM, local, LivesTest::text);
    }

    private CompletionStage<Answer<String>> write(World node, String text) {
        return OpenDocuments.of(node.rooms)
                .write(ROOM, null, doc -> doc.getText("t").insert(0, text), LivesTest::text);
    }

    private Answer<byte[]> force(World node, String text) {
        return now(OpenDocuments.of(node.rooms).init(ROOM, content(text), true)).orElseThrow();
    }

    private Answer<String> create(World node) {
        return now(OpenDocuments.of(node.rooms).create(ROOM, LivesTest::text));
    }

    /** Both nodes have the room open, and only the log tells them of one another. */
    private FakeClient openOnBoth(World other) {
        bus.goDown();
        FakeClient here = a.joined();
        FakeClient there = other.joined();
        there.type("old");
        settle();
        pass(3_000);
        assertThat(here.connection.closed).isNull();
        return there;
    }

    @Test
    void afterAForcedInit_theOtherNodeMeetsTheNewLife() {
        FakeClient old = openOnBoth(b);
        Answer<byte[]> made = force(a, "new");
        assertThat(textOf(made.value())).as("its own bytes").isEqualTo("new");
        assertThat(made.seq()).isEqualTo(1);

        FakeClient newcomer = b.joined();
        Answer<String> there = now(read(b, false));
        assertThat(there.value()).isEqualTo("new");
        assertThat(there.roomId()).isEqualTo(made.roomId());
        assertThat(now(write(b, "more ")).value()).isEqualTo("more new");
        settle();
        assertThat(newcomer.connection.closed).isNull();
        World.assertSame(newcomer.replica, log.replay(ROOM), "the newcomer");
        assertThat(old.connection.closed).isEqualTo(CloseReason.deleted());
    }

    /** Each kind of request comes first, so that no other has made the node look. */
    @ParameterizedTest
    @EnumSource(names = {"NONE", "NO_WAITING", "NO_ASKING_AGAIN"})
    void twins_onTheOtherNode(Twin twin) {
        int wrong = 0;
        for (int kind = 0; kind < 4; kind++) {
            World other = node(twin);
            openOnBoth(other);
            long id = force(a, "new").roomId();
            wrong += meets(other, kind, id) ? 0 : 1;
        }
        assertThat(wrong).isEqualTo(twin == Twin.NONE ? 0 : 4);
    }

    private boolean meets(World other, int kind, long id) {
        if (kind == 0 || kind == 1) {
            CompletionStage<Answer<String>> answer = kind == 0 ? read(other, false) : write(other, "");
            settle();
            return !answer.toCompletableFuture().isCompletedExceptionally()
                    && answer.toCompletableFuture().join().roomId() == id;
        }
        if (kind == 2) {
            FakeClient newcomer = other.joined();
            settle();
            pass(3_000);
            return newcomer.connection.closed == null && newcomer.connection.frames.size() > 0;
        }
        List<Long> lives = new ArrayList<>();
        other.rooms.watch(Grants.on(ROOM), new Watcher() {
            @Override
            public void risen(long roomId, long seq) {
                lives.add(roomId);
            }

            @Override
            public void wentBack() {}

            @Override
            public void ended(RuntimeException why) {
                lives.add(-1L);
            }
        });
        settle();
        return lives.equals(List.of(id));
    }

    /** The log cannot be read after the act: what the node knows of the act has to be enough. */
    @ParameterizedTest
    @EnumSource(names = {"NONE", "NO_ENDING"})
    void onTheNodeThatActs_noReadMeetsTheEndedLife(Twin twin) {
        World alone = node(twin);
        alone.way.shared = false;
        alone.joined().type("old");
        settle();
        CompletionStage<Boolean> deleted = OpenDocuments.of(alone.rooms).delete(ROOM);
        alone.way.always(Outcome.FAIL);
        assertThat(now(deleted)).isTrue();

        CompletionStage<Answer<String>> local = read(alone, true);
        settle();
        boolean old = !local.toCompletableFuture().isCompletedExceptionally();
        assertThat(old).isEqualTo(twin == Twin.NO_ENDING);
        alone.way.always(Outcome.OK);
        if (twin == Twin.NONE) {
            assertThat(alone.rooms.isOpen(ROOM)).isFalse();
            assertThat(failure(read(alone, true))).isInstanceOf(RoomMissing.class);
            assertThat(create(alone).value()).isEmpty();
            now(write(alone, "x"));
            force(alone, "new");
            assertThat(now(read(alone, true)).value()).isEqualTo("new");
        }
    }

    @Test
    void nodeThatWasAway_meetsTheLifeOfToday() {
        openOnBoth(b);
        now(OpenDocuments.of(a.rooms).delete(ROOM));
        nodes.forEach(node -> node.now += World.SMALL.deletedNameHold());
        long id = create(a).roomId();
        assertThat(now(read(b, false)).roomId()).isEqualTo(id);
        assertThat(now(write(b, "x")).roomId()).isEqualTo(id);
        assertThat(create(b).roomId()).isEqualTo(id);
    }

    /** A request joins a room that is being loaded: what was read for it is older than the request. */
    @Test
    void whoComesWhileAnOldAnswerIsOnItsWay_isAskedForAgain() {
        b.way.answersLate = true;
        CompletionStage<Answer<String>> early = read(b, false);
        settle();
        long id = create(a).roomId();
        CompletionStage<Answer<String>> later = read(b, false);
        settle();
        b.way.answersLate = false;
        b.way.releaseAnswers();
        assertThat(now(later).roomId()).isEqualTo(id);
        assertThat(failure(early)).isInstanceOf(RoomMissing.class);

        World c = node(Twin.NONE);
        c.way.answersLate = true;
        read(c, false);
        settle();
        long next = force(a, "new").roomId();
        CompletionStage<Answer<String>> last = read(c, false);
        settle();
        c.way.answersLate = false;
        c.way.releaseAnswers();
        assertThat(now(last).roomId()).isEqualTo(next);
    }

    @Test
    void firstSync_doesNotLackWhatWasCommittedWhileTheRoomWasLoadedForAnother() {
        create(a);
        FakeClient alice = a.joined();
        b.way.answersLate = true;
        read(b, false);
        settle();
        byte[] typed = alice.type("x");
        a.settle();
        assertThat(log.holds(ROOM, typed)).isTrue();
        FakeClient carol = b.joined();
        b.way.answersLate = false;
        b.way.releaseAnswers();
        b.settle();
        assertThat(carol.has(typed)).isTrue();
    }

    @Test
    void creationByABackEnd_letsNewcomersInAtOnce_onAllNodes() {
        openOnBoth(b);
        now(OpenDocuments.of(a.rooms).delete(ROOM));
        pass(3_000);
        assertThat(b.rooms.mayBeHeld(ROOM)).isTrue();
        assertThat(now(b.rooms.isHeld(ROOM))).isTrue();
        FakeClient refused = node(Twin.NONE).joined();
        assertThat(refused.connection.closed)
                .as("a socket creates nothing, and may come back")
                .isEqualTo(CloseReason.held());
        assertThat(CloseReason.held().isFinal()).isFalse();

        create(a);
        for (World node : nodes) {
            assertThat(now(node.rooms.isHeld(ROOM))).isFalse();
            assertThat(node.joined().connection.closed).isNull();
        }
    }

    @Test
    void deletion_heardOnTheBus_holdsTheNameOnANodeThatDoesNotHaveTheRoom() {
        create(a);
        assertThat(b.rooms.isOpen(ROOM)).isFalse();
        now(OpenDocuments.of(a.rooms).delete(ROOM));
        settle();
        assertThat(b.rooms.mayBeHeld(ROOM)).isTrue();
        assertThat(now(b.rooms.isHeld(ROOM))).isTrue();

        create(a);
        force(a, "new");
        settle();
        assertThat(now(b.rooms.isHeld(ROOM)))
                .as("a life that lives holds no name")
                .isFalse();
        assertThat(b.rooms.mayBeHeld(ROOM)).as("asked once").isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"NONE", "NO_HOLD"})
    void copyOfAnEndedLife_isRefusedForTheHold_andNewcomersAreNot(Twin twin) {
        for (boolean deletes : new boolean[] {true, false}) {
            World other = node(twin);
            FakeClient tab = openOnBoth(b);
            byte[] typed = tab.type("!");
            settle();
            if (deletes) {
                now(OpenDocuments.of(a.rooms).delete(ROOM));
                create(a);
            } else {
                force(a, "new");
            }
            settle();
            pass(3_000);
            tab.disconnect();
            tab.connect(other.rooms, ROOM); // this node never loaded the ended life
            settle();
            boolean merged = log.holds(ROOM, typed);
            assertThat(merged).isEqualTo(twin == Twin.NO_HOLD);
            if (twin == Twin.NONE) {
                assertThat(tab.connection.closed).isEqualTo(CloseReason.deleted());
                FakeClient newcomer = other.joined();
                byte[] more = newcomer.type("hello");
                settle();
                assertThat(log.holds(ROOM, more)).isTrue();
                pass(World.SMALL.deletedNameHold());
                newcomer.disconnect();
                newcomer.connect(other.rooms, ROOM);
                tab.disconnect();
                tab.connect(other.rooms, ROOM);
                settle();
                assertThat(newcomer.connection.closed).isNull();
                assertThat(log.holds(ROOM, typed))
                        .as("after the hold: so CRDTs are")
                        .isTrue();
            }
            now(OpenDocuments.of(a.rooms).delete(ROOM));
            nodes.forEach(node -> node.now += 2 * World.SMALL.deletedNameHold());
            pass(3_000);
        }
    }

    /** The tab has received what follows a text, and not the text: its state vector names nobody. */
    @ParameterizedTest
    @EnumSource(names = {"NONE", "NO_HOLD"})
    void copyOfAnEndedLife_isRefusedThoughAllOfItWaitsForPredecessors(Twin twin) {
        World other = node(twin);
        FakeClient writer = openOnBoth(b);
        byte[] gap = FakeClient.text(writer.id, 100, "after a gap");
        force(a, "new");
        settle();
        pass(3_000);
        FakeClient tab = other.client();
        tab.replica.apply(Update.decode(gap));
        assertThat(tab.knows().asMap()).isEmpty();
        tab.connect(other.rooms, ROOM);
        settle();
        assertThat(log.holds(ROOM, gap)).isEqualTo(twin == Twin.NO_HOLD);
        assertThat(tab.connection.closed).isEqualTo(twin == Twin.NO_HOLD ? null : CloseReason.deleted());
    }

    /** A tab in an empty life on a node whose way to the log is held up, so that what it types is committed nowhere. */
    private FakeClient tabWithUncommittedText(World there) {
        bus.goDown();
        create(a);
        FakeClient tab = there.client();
        tab.own = new AwarenessState(tab.id, 1, "{}");
        tab.connect(there.rooms, ROOM);
        settle();
        there.way.holding = true;
        return tab;
    }

    private void endedMeanwhile(World there) {
        force(a, "new");
        there.way.holding = false;
        there.way.releaseAll();
        settle();
        pass(3_000);
    }

    /** The life ends while the text waits for its commit: no row names its client. */
    @ParameterizedTest
    @EnumSource(names = {"NONE", "NO_HOLD"})
    void textThatWasNotCommitted_doesNotComeIntoTheNextLife(Twin twin) {
        World there = node(twin);
        FakeClient tab = tabWithUncommittedText(there);
        byte[] typed = tab.type("never committed");
        settle();
        endedMeanwhile(there);
        assertThat(tab.connection.closed).isNotNull();
        tab.disconnect();
        tab.connect(there.rooms, ROOM);
        settle();
        assertThat(log.holds(ROOM, typed)).isEqualTo(twin == Twin.NO_HOLD);
        assertThat(tab.connection.closed).isEqualTo(twin == Twin.NO_HOLD ? null : CloseReason.deleted());
    }

    /** The life ends before the text has come to the server: only the cursor has told of its client. */
    @ParameterizedTest
    @EnumSource(names = {"NONE", "NO_HOLD"})
    void textThatNeverCame_doesNotComeIntoTheNextLife(Twin twin) {
        World there = node(twin);
        FakeClient tab = tabWithUncommittedText(there);
        endedMeanwhile(there);
        tab.disconnect();
        byte[] typed = FakeClient.text(tab.id, 0, "typed into the void");
        tab.replica.apply(Update.decode(typed));
        tab.connect(there.rooms, ROOM);
        settle();
        assertThat(log.holds(ROOM, typed)).isEqualTo(twin == Twin.NO_HOLD);
    }

    @Test
    void tabThatWasOnlyThere_writesInTheNextLife() {
        FakeClient tab = tabWithUncommittedText(b);
        endedMeanwhile(b);
        tab.disconnect();
        FakeClient same = b.client();
        tab.connect(b.rooms, ROOM);
        settle();
        byte[] typed = FakeClient.text(tab.id, 0, "into the new one");
        tab.send(Message.update(typed));
        settle();
        assertThat(tab.connection.closed).isNull();
        assertThat(log.holds(ROOM, typed)).isTrue();
        assertThat(same.connection).isNull();
    }

    @Test
    void clientsOfEndedLives_areForgottenAfterTheHold_andBounded() {
        long[] now = {0};
        EndedHere ended = new EndedHere(() -> now[0], 1_000);
        StructStore empty = new StructStore();
        ended.add(ROOM, Set.of(1L), Set.of(2L));
        assertThat(ended.haveCopyIn(ROOM, Set.of(2L, 3L), empty)).isTrue();
        assertThat(ended.haveAnyOf(ROOM, Set.of(2L), empty)).isFalse();
        assertThat(ended.haveAnyOf(ROOM, Set.of(1L), empty)).isTrue();
        assertThat(ended.haveAnyOf("another", Set.of(1L), empty)).isFalse();
        now[0] = 1_000;
        assertThat(ended.haveAnyOf(ROOM, Set.of(1L), empty)).isFalse();

        Set<Long> many =
                LongStream.range(0, 2L * EndedLives.MAX_CLIENTS).boxed().collect(Collectors.toSet());
        for (int i = 0; i < 50; i++) {
            ended.add("room" + i, many, Set.of());
        }
        long kept = IntStream.range(0, 50)
                .filter(i -> ended.haveAnyOf("room" + i, many, empty))
                .count();
        assertThat(kept * EndedLives.MAX_CLIENTS).isBetween(1L, (long) EndedHere.MAX_IDS);
        assertThat(ended.haveAnyOf("room49", many, empty)).isTrue();
    }

    /** Nobody tells this node of the deletion: its room finds out from the log. The twin never looks. */
    @ParameterizedTest
    @EnumSource(names = {"NONE", "NO_CATCH_UP"})
    void roomThatLearnsOfItsEndByItself_holdsTheName(Twin twin) {
        World there = node(twin);
        openOnBoth(there);
        now(OpenDocuments.of(a.rooms).delete(ROOM));
        assertThat(there.rooms.mayBeHeld(ROOM)).isFalse();
        pass(3_000);
        pass(3_000);
        assertThat(there.rooms.mayBeHeld(ROOM)).isEqualTo(twin == Twin.NONE);
        if (twin == Twin.NONE) {
            assertThat(now(there.rooms.isHeld(ROOM))).isTrue();
        }
    }

    @Test
    void editThatTheLogRefused_isMadeInTheNewLife_once() {
        openOnBoth(b);
        CompletionStage<Answer<String>> edit = write(b, "edit");
        b.way.holding = true;
        settle();
        assertThat(edit.toCompletableFuture()).isNotDone();
        long id = force(a, " new").roomId();
        b.way.holding = false;
        b.way.releaseAll();
        assertThat(now(edit).roomId()).isEqualTo(id);
        assertThat(now(read(a, false)).value()).isEqualTo("edit new");
    }

    @Test
    void outcomes_areThoseOfTheChange() {
        a.way.once(Outcome.FAIL);
        assertThat(isUnknown(OpenDocuments.of(a.rooms).create(ROOM, LivesTest::text)))
                .as("the look-up failed: nothing was done")
                .isFalse();
        a.way.outcome = () -> a.way.calls.get(a.way.calls.size() - 1).equals("create") ? Outcome.UNKNOWN : Outcome.OK;
        assertThat(isUnknown(OpenDocuments.of(a.rooms).create(ROOM, LivesTest::text)))
                .isTrue();
        assertThat(log.knowsName(ROOM)).isTrue();
        a.way.once(Outcome.UNKNOWN);
        assertThat(isUnknown(OpenDocuments.of(a.rooms).init(ROOM, content("x"), true)))
                .isTrue();
        a.way.once(Outcome.UNKNOWN);
        assertThat(isUnknown(OpenDocuments.of(a.rooms).delete(ROOM))).isTrue();

        // the change is committed, and after it the log does not answer
        a.way.outcome =
                () -> a.way.calls.get(a.way.calls.size() - 1).matches("find|init|create") ? Outcome.OK : Outcome.FAIL;
        assertThat(create(a).value()).isEmpty();
        assertThat(textOf(force(a, "x").value())).isEqualTo("x");
    }

    @Test
    void repeatOfAKeyedEditWhoseReadFails_doesNotSayThatNothingWasDone() {
        create(a);
        now(OpenDocuments.of(a.rooms)
                .write(
                        ROOM,
                        new RequestKey("key", "1 edit"),
                        doc -> doc.getText("t").insert(0, "x"),
                        LivesTest::text));
        World c = node(Twin.NONE);
        now(read(c, false));
        List<String> calls = c.way.calls;
        c.way.outcome = () ->
                calls.contains("append") && !calls.get(calls.size() - 1).equals("append") ? Outcome.FAIL : Outcome.OK;
        CompletionStage<Answer<String>> again = OpenDocuments.of(c.rooms)
                .write(
                        ROOM,
                        new RequestKey("key", "1 edit"),
                        doc -> doc.getText("t").insert(0, "x"),
                        doc -> {
                            throw new Unavailable("the answer cannot be made", false);
                        });
        assertThat(isUnknown(again)).isTrue();
    }

    private boolean isUnknown(CompletionStage<?> stage) {
        return ((Unavailable) failure(stage)).isOutcomeUnknown();
    }
}
