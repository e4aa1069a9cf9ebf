package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.metrics.RoomMetrics;
import io.keck.protocol.CloseReason;
import io.keck.room.FlakyLog.Outcome;
import io.keck.testing.OpenDocuments;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One room on two nodes: over the bus, and without it. */
class RoomClusterTest {
    private final FakeLog log = new FakeLog();
    private final FakeBus bus = new FakeBus(1);
    private final List<String> events = new ArrayList<>();
    private final World a = node(1);
    private final World b = node(2);
    private FakeClient alice;
    private FakeClient bob;

    private World node(long seed) {
        RoomMetrics metrics = new RoomMetrics() {
            @Override
            public void caughtUp(int rows) {
                events.add("caught up " + rows);
            }

            @Override
            public void heard(long nanos) {
                events.add("heard");
            }

            @Override
            public void wentBack(int bytes) {
                events.add("went back");
            }
        };
        World world = new World(World.SMALL, World.ROOMS, log, bus.end(), metrics, seed);
        world.now = 1_000_000;
        world.way.shared = true;
        return world;
    }

    @BeforeEach
    void join() {
        alice = a.joined();
        bob = b.joined();
        settle();
        events.clear();
    }

    private void settle() {
        for (int i = 0; i < 4; i++) {
            a.settle();
            b.settle();
            bus.deliver(1_000);
        }
        a.settle();
        b.settle();
    }

    private void pass(long millis) {
        for (World world : List.of(a, b)) {
            world.now += millis;
            world.rooms.tick();
            world.rooms.tail();
        }
        settle();
    }

    private void assertAllEqual() {
        World.assertSame(alice.replica, log.replay(ROOM), "alice");
        World.assertSame(bob.replica, log.replay(ROOM), "bob");
    }

    @Test
    void row_crossesOverTheBusWithoutARead() {
        b.way.calls.clear();
        byte[] typed = alice.type("x");
        settle();

        assertThat(bob.has(typed)).isTrue();
        assertThat(events).containsExactly("heard");
        assertThat(b.way.calls).isEmpty();
    }

    @Test
    void row_crossesThroughTheLogWhenTheBusIsDown() {
        bus.goDown();
        byte[] typed = alice.type("x");
        settle();
        assertThat(bob.has(typed)).isFalse();
        pass(3_000);
        assertThat(bob.has(typed)).isTrue();
        assertThat(events).containsExactly("caught up 1");
    }

    @Test
    void newcomer_isToldAtOnceWhatWasCommittedOnTheOtherNode() {
        bus.goDown();
        byte[] typed = alice.type("x");
        settle();
        FakeClient carol = b.joined();
        b.settle();

        assertThat(carol.has(typed)).isTrue();
        assertThat(bob.has(typed)).isTrue();
        assertAllEqual();
    }

    @Test
    void newcomer_whileAReadIsUnderWay_waitsForTheNext() {
        bus.goDown();
        b.way.holding = true;
        b.joined(); // for all that is known, its read sees the log of this moment
        b.settle();
        byte[] typed = alice.type("x");
        settle();
        FakeClient carol = b.joined();
        b.settle();
        assertThat(carol.connection.frames)
                .as("nothing before the log has answered")
                .isEmpty();

        b.way.release(0);
        b.settle();
        assertThat(carol.connection.frames).as("no step 2").noneMatch(frame -> frame[0] == 0 && frame[1] == 1);
        b.way.releaseAll();
        b.settle();
        assertThat(carol.connection.frames).anyMatch(frame -> frame[0] == 0 && frame[1] == 1);
        assertThat(carol.has(typed)).isTrue();
    }

    @Test
    void newcomer_isAnsweredFromTheReplicaWhenTheLogDoesNotAnswer() {
        byte[] typed = alice.type("x");
        settle();
        b.way.always(Outcome.FAIL);
        FakeClient soon = b.joined();
        b.settle();
        assertThat(soon.has(typed)).as("reads fail").isTrue();

        b.way.always(Outcome.OK);
        b.way.holding = true;
        FakeClient later = b.joined();
        b.settle();
        assertThat(later.has(typed)).as("the read hangs").isFalse();
        b.rooms.tick();
        b.settle();
        b.now += World.SMALL.saveTimeout();
        b.rooms.tick();
        b.settle();
        assertThat(later.has(typed)).isTrue();
    }

    @Test
    void readThatWasOvertakenByOwnCommits_isNotStale() {
        byte[] before = alice.type("x");
        settle();
        a.way.answersLate = true;
        var answer = OpenDocuments.of(a.rooms)
                .read(ROOM, false, doc -> doc.getText("t").toString());
        a.settle(); // the log is asked, and has answered: but the answer is on its way
        a.way.answersLate = false;
        alice.type("y");
        a.settle();
        assertThat(alice.has(before)).isTrue();
        a.way.releaseAnswers();
        a.settle();
        assertThat(answer.toCompletableFuture().join().stale()).isFalse();
        assertThat(answer.toCompletableFuture().join().value()).isEqualTo("xy");
    }

    @Test
    void readThatHadToBeRepeated_isNotStale() {
        alice.type("x");
        settle();
        a.way.answersLate = true;
        var first = ask();
        var second = ask(); // waits for a read after that of the first
        a.way.releaseAnswers();
        a.settle(); // it is under way
        var third = ask(); // and there has to be another
        a.way.answersLate = false;
        alice.type("y"); // overtakes it
        a.settle();
        a.way.answersLate = true;
        a.way.releaseAnswers();
        a.settle(); // so it is repeated, and that is under way
        a.way.answersLate = false;
        a.way.releaseAnswers();
        settle();
        for (var answer : List.of(first, second, third)) {
            assertThat(answer.toCompletableFuture().join().stale()).isFalse();
        }
        assertAllEqual();
    }

    private CompletionStage<Documents.Answer<String>> ask() {
        var answer = OpenDocuments.of(a.rooms)
                .read(ROOM, false, doc -> doc.getText("t").toString());
        a.settle();
        return answer;
    }

    @Test
    void gap_isReadFromTheLog() {
        byte[] first = alice.type("x");
        a.settle();
        bus.goDown(); // the first is lost
        bus.comeUp();
        byte[] second = alice.type("y");
        settle();

        assertThat(bob.has(first)).isTrue();
        assertThat(bob.has(second)).isTrue();
        assertAllEqual();
    }

    @Test
    void rowThatComesTwice_isTakenOnce() {
        alice.type("x");
        a.settle();
        bus.repeat();
        bob.connection.forget();
        settle();

        assertThat(events).containsExactly("heard");
        assertThat(bob.connection.frames).hasSize(1);
    }

    @Test
    void comparison_ofWhatIsUpToDateReadsNothing() {
        alice.type("x");
        settle();
        a.way.calls.clear();
        b.way.calls.clear();
        pass(3_000);

        assertThat(a.way.calls).containsOnly("heads");
        assertThat(b.way.calls).containsOnly("heads");
    }

    @Test
    void logThatWentBack_isHealedFromWhoHasIt() {
        bus.goDown();
        alice.type("before");
        settle();
        pass(300);
        FakeLog.Backup backup = log.backup();
        byte[] lost = alice.type("lost");
        settle();
        pass(300);
        assertThat(bob.has(lost)).isTrue();
        events.clear();
        log.restore(backup);
        pass(300);
        pass(300);
        pass(300);

        assertThat(events).contains("went back");
        assertThat(log.holds(ROOM, lost)).isTrue();
        assertAllEqual();
        FakeClient fresh = b.joined();
        assertThat(fresh.has(lost)).isTrue();
    }

    /** The log has as many rows as before, only others. */
    @Test
    void logThatWentBackAndOnAgain_isNoticed() {
        bus.goDown();
        alice.type("before");
        settle();
        pass(300);
        FakeLog.Backup backup = log.backup();
        byte[] lost = alice.type("lost");
        settle();
        log.restore(backup);
        byte[] other = bob.type("other");
        settle();
        assertThat(log.head(ROOM)).isEqualTo(2);
        pass(300);
        pass(300);
        pass(300);

        assertThat(events).contains("went back");
        assertThat(log.holds(ROOM, lost)).isTrue();
        assertThat(alice.has(other)).isTrue();
        assertAllEqual();
    }

    @Test
    void logThatWentBackToBeforeTheRoom_getsItAnew() {
        FakeLog.Backup empty = new FakeLog().backup();
        byte[] lost = alice.type("lost");
        settle();
        log.restore(empty);
        bus.goDown();
        for (int i = 0; i < 5; i++) {
            pass(300);
        }
        assertThat(log.holds(ROOM, lost)).isTrue();
        assertThat(alice.connection.closed).isNull();
        assertThat(bob.connection.closed).isNull();
        assertAllEqual();
    }

    /** Node a cannot reach the database, b can. */
    @Test
    void unsavedUpdate_isCommittedByWhoeverCan() {
        a.way.always(Outcome.FAIL);
        byte[] typed = alice.type("x");
        settle();
        pass(10);

        assertThat(bob.has(typed)).isTrue();
        assertThat(log.holds(ROOM, typed)).isTrue();
        a.way.always(Outcome.OK);
        for (int i = 0; i < 4; i++) {
            pass(3_000);
        }
        assertThat(a.rooms.unsavedRooms())
                .as("what another node saved is saved")
                .isZero();
        assertThat(a.rooms.unsavedBytes()).isZero();
        assertAllEqual();
    }

    @Test
    void unsavedUpdate_reachesOtherNodesWhileNobodyCanSave() {
        a.way.always(Outcome.FAIL);
        b.way.always(Outcome.FAIL);
        byte[] typed = alice.type("x");
        settle();
        assertThat(bob.has(typed)).isTrue();
        assertThat(log.head(ROOM)).isZero();
        FakeClient late = b.joined();
        assertThat(late.has(typed)).as("who joins an open room gets it, too").isTrue();
        a.way.always(Outcome.OK);
        b.way.always(Outcome.OK);
        pass(3_000);
        pass(3_000);

        assertThat(log.holds(ROOM, typed)).isTrue();
        assertAllEqual();
    }

    @Test
    void deletion_reachesBothNodesThroughTheLog() {
        bus.goDown();
        alice.type("x");
        settle();
        var done = a.rooms.delete(ROOM, null).toCompletableFuture();
        settle();
        assertThat(done).isCompletedWithValue(true);
        assertThat(alice.connection.closed).isEqualTo(CloseReason.deleted());
        assertThat(a.rooms.mayBeHeld(ROOM)).isTrue();
        pass(3_000);

        assertThat(bob.connection.closed).isEqualTo(CloseReason.deleted());
        assertThat(b.rooms.mayBeHeld(ROOM)).isTrue();
        pass(60_000);
        assertThat(a.rooms.mayBeHeld(ROOM)).isFalse();
        assertThat(b.rooms.mayBeHeld(ROOM)).isFalse();
        FakeClient fresh = b.joined();
        assertThat(fresh.knows().asMap()).isEmpty();
    }

    @Test
    void deletion_ofARoomThatThereIsNotChangesNothing() {
        var done = a.rooms.delete("other", null).toCompletableFuture();
        settle();
        assertThat(done).isCompletedWithValue(false);
        assertThat(a.rooms.mayBeHeld("other")).isFalse();
    }

    /** Several rooms share the heap of the node. */
    @Test
    void overlays_ofAllRoomsTogetherAreBounded() {
        World world = new World(World.SMALL.toBuilder()
                .maxInbound(200_000)
                .maxUnsaved(500_000)
                .maxUnsavedTotal(5_000)
                .build());
        FakeClient one = world.joined();
        FakeClient two = world.client();
        two.connect(world.rooms, "another");
        world.settle();
        world.way.always(Outcome.FAIL);
        one.type("x");
        two.type("x");
        world.settle();
        one.type("x".repeat(20_000));
        world.settle();
        assertThat(world.rooms.unsavedBytes()).isGreaterThan(5_000);
        assertThat(world.rooms.unsavedRooms()).isEqualTo(2);
        two.type("y");
        world.settle();
        assertThat(two.connection.paused).as("its own room has little").isTrue();
        world.way.always(Outcome.OK);
        for (int i = 0; i < 6; i++) {
            world.pass(500);
        }
        assertThat(two.connection.paused).isFalse();
        assertThat(world.rooms.unsavedBytes()).isZero();
        assertThat(world.rooms.unsavedRooms()).isZero();
    }

    // ------------------------------------------------------------------ who is there

    @Test
    void awareness_crossesBothWaysAndLeavesWithItsSocket() {
        alice.point("{\"at\":1}");
        bob.point("{\"at\":2}");
        settle();
        assertThat(alice.present()).containsExactly(alice.id, bob.id);
        assertThat(bob.present()).containsExactly(alice.id, bob.id);
        assertThat(bob.states.get(alice.id)).isEqualTo(alice.own);

        alice.disconnect();
        settle();
        assertThat(bob.present()).containsExactly(bob.id);
    }

    @Test
    void awareness_isToldToANodeThatOpensTheRoomLater() {
        alice.point("{\"at\":1}");
        settle();
        World c = node(3);
        FakeClient carol = c.joined();
        for (int i = 0; i < 3; i++) {
            settle();
            c.settle();
        }
        assertThat(carol.present()).containsExactly(alice.id);
    }

    @Test
    void awareness_ofANodeThatIsGoneGoes_andComesBackWhenItWasThereAllAlong() {
        FakeBus.End end = bus.end(); // a third node
        World c = new World(World.SMALL, World.ROOMS, log, end, RoomMetrics.NONE, 3);
        c.way.shared = true;
        FakeClient carol = c.joined();
        carol.point("{}");
        c.settle();
        settle();
        assertThat(alice.present()).containsExactly(carol.id);

        end.isMissed();
        settle();
        assertThat(alice.present()).isEmpty();

        end.resync();
        for (int i = 0; i < 2; i++) { // the others say that they have seen it go, and it says that it is there
            bus.deliver(1_000);
            c.settle();
            settle();
        }
        assertThat(alice.present()).containsExactly(carol.id);
        assertThat(bob.present()).containsExactly(carol.id);
        bus.deliver(1_000);
        c.settle();
        assertThat(carol.own.clock())
                .as("its client goes on with the higher clock")
                .isEqualTo(2);

        end.die();
        settle();
        assertThat(alice.present()).isEmpty();
    }

    @Test
    void awareness_ofAClientThatMovesStays_whicheverNodeSpeaksFirst() {
        for (boolean leavesFirst : new boolean[] {true, false}) {
            alice.point("{\"at\":1}");
            settle();
            Seat before = alice.seat;
            if (leavesFirst) {
                before.leave();
                settle();
            }
            alice.cutOff();
            alice.connect(leavesFirst ? b.rooms : a.rooms, ROOM);
            settle();
            if (!leavesFirst) {
                before.leave();
            }
            settle();
            assertThat(bob.present()).as("leaves first: %s", leavesFirst).contains(alice.id);
            bob.point("{}");
            settle();
            assertThat(alice.present()).containsExactly(alice.id, bob.id);
            bob.disconnect();
            settle();
            bob.connect(b.rooms, ROOM);
            settle();
            assertThat(bob.present()).as("leaves first: %s", leavesFirst).containsExactly(alice.id, bob.id);
        }
    }

    @Test
    void awareness_ofWhatTheBusLost_comesWithTheNextRenewal() {
        bus.goDown();
        alice.point("{\"at\":1}");
        settle();
        assertThat(bob.present()).isEmpty();
        bus.comeUp();
        settle();
        assertThat(bob.present()).as("told again when it is back").containsExactly(alice.id);

        alice.point("{\"at\":2}");
        a.settle();
        bus.lose();
        settle();
        alice.point("{\"at\":2}");
        settle();
        assertThat(bob.states.get(alice.id)).isEqualTo(alice.own);
    }

    @Test
    void busIsBack_everyRoomIsComparedAtOnceWithOneQuestion() {
        bus.goDown();
        alice.type("x");
        settle();
        bus.comeUp();
        settle();
        assertThat(bob.has(FakeClient.text(alice.id, 0, "x"))).isFalse();
        pass(1);
        assertThat(bob.has(FakeClient.text(alice.id, 0, "x"))).isTrue();
    }

    /** The twin: a node that is not told that the bus is back waits until it is time to compare. */
    @Test
    void busIsBack_andNobodySaysSo_theRoomIsBehind() {
        FakeBus.End end = bus.end();
        Bus mute = new Bus() {
            @Override
            public void publish(long roomId, Event event) {
                end.publish(roomId, event);
            }

            @Override
            public void subscribe(long roomId, Listener listener) {
                end.subscribe(roomId, listener);
            }

            @Override
            public void unsubscribe(long roomId, Listener listener) {
                end.unsubscribe(roomId, listener);
            }

            @Override
            public void deleted(String name) {
                end.deleted(name);
            }

            @Override
            public void listen(NodeListener listener) {
                end.listen(new NodeListener() {
                    @Override
                    public void back() {}

                    @Override
                    public void deleted(String name) {
                        listener.deleted(name);
                    }
                });
            }

            @Override
            public boolean isHealthy() {
                return end.isHealthy();
            }
        };
        World c = new World(World.SMALL, World.ROOMS, log, mute, RoomMetrics.NONE, 3);
        c.way.shared = true;
        FakeClient carol = c.joined();
        settle();
        c.settle();
        c.rooms.tail();
        c.settle();
        bus.goDown();
        byte[] update = alice.type("x");
        settle();
        bus.comeUp();
        settle();
        c.now += 1;
        c.rooms.tail();
        c.settle();
        assertThat(carol.has(update)).isFalse();
        c.now += World.SMALL.compareEvery();
        c.rooms.tail();
        c.settle();
        assertThat(carol.has(update)).isTrue();
    }

    @Test
    void deleteOnANodeWhereItIsNotOpen_isToldToTheOthers() {
        World c = node(3);
        var done = c.rooms.delete(ROOM, null).toCompletableFuture();
        c.settle();
        assertThat(done).isCompletedWithValue(true);
        settle();
        assertThat(alice.connection.closed).isEqualTo(CloseReason.deleted());
        assertThat(bob.connection.closed).isEqualTo(CloseReason.deleted());
    }
}
