package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.testing.Grants;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A room while everything works: who gets what, and when. */
class RoomTest {
    private final World world = new World();

    @Test
    void newcomer_isGreetedWithStep1AndNothingElseWhereNobodyIs() {
        FakeClient client = world.client();
        client.sit();
        client.seat = world.rooms.join(Grants.on(ROOM), client.connection);
        world.settle();

        assertThat(client.connection.kinds()).containsExactly("SyncStep1");
    }

    @Test
    void newcomer_isGreetedWithStep1_andTheAwarenessStatesInASecondFrame() {
        FakeClient first = world.joined();
        first.point("{\"x\":1}");
        world.settle();

        FakeClient second = world.client();
        second.sit();
        second.seat = world.rooms.join(Grants.on(ROOM), second.connection);
        world.settle();

        assertThat(second.connection.kinds()).containsExactly("SyncStep1", "AwarenessUpdate");
        assertThat(second.present()).containsExactly(first.id);
    }

    @Test
    void newcomer_receivesTheStateThatWasSavedBefore() {
        FakeClient first = world.joined();
        byte[] typed = world.typed(first, "hello");

        FakeClient second = world.joined();

        assertThat(second.has(typed)).isTrue();
        world.assertAllEqualTheLog();
    }

    @Test
    void update_isSeenByNobodyBeforeItIsCommitted() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.holding = true;
        byte[] typed = world.typed(writer, "secret");
        FakeClient newcomer = world.joined();

        assertThat(reader.connection.frames).isEmpty();
        assertThat(newcomer.has(typed)).isFalse();

        world.release();

        assertThat(reader.has(typed)).isTrue();
        assertThat(newcomer.has(typed)).isTrue();
        world.assertAllEqualTheLog();
    }

    @Test
    void updatesThatComeDuringACommit_makeOneBatch() {
        FakeClient a = world.quiet();
        FakeClient b = world.quiet();
        FakeClient reader = world.quiet();
        world.way.holding = true;
        world.typed(a, "1");
        for (int i = 0; i < 10; i++) {
            a.type("a");
            world.typed(b, "b");
        }
        assertThat(world.way.heldBack()).as("one commit at a time").isEqualTo(1);
        world.way.holding = false;
        world.release();

        assertThat(world.rows()).isEqualTo(2);
        assertThat(reader.connection.kinds()).containsExactly("SyncUpdate", "SyncUpdate");
        world.assertAllEqualTheLog();
    }

    @Test
    void batchOfOneSocket_isNotEchoedToIt() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.typed(writer, "x");

        assertThat(writer.connection.frames).isEmpty();
        assertThat(reader.connection.kinds()).containsExactly("SyncUpdate");
    }

    @Test
    void batchOfSeveralSockets_goesToAllOfThem() {
        FakeClient a = world.quiet();
        FakeClient b = world.quiet();
        byte[] ofA = a.type("a");
        byte[] ofB = world.typed(b, "b");

        assertThat(world.rows()).isEqualTo(1);
        assertThat(a.connection.kinds()).containsExactly("SyncUpdate");
        assertThat(a.has(ofB)).isTrue();
        assertThat(b.has(ofA)).isTrue();
    }

    @Test
    void socketThatCameBack_getsWhatItsOldSocketSent() {
        FakeClient client = world.quiet();
        world.way.holding = true;
        world.typed(client, "x");
        client.disconnect();
        FakeClient other = world.client();
        other.connect(world.rooms, ROOM);
        world.settle();
        world.way.holding = false;
        world.release();

        world.assertAllEqualTheLog();
        assertThat(world.rows()).isEqualTo(1);
    }

    @Test
    void step1_isAnsweredAfterTheSendersOwnUpdatesAreCommitted() {
        FakeClient writer = world.quiet();
        world.way.holding = true;
        byte[] typed = writer.type("x");
        world.now += 1_000; // it was answered when it joined
        writer.send(Message.step1(StateVector.EMPTY));
        world.settle();
        assertThat(writer.connection.frames).isEmpty();

        world.release();

        assertThat(writer.connection.kinds()).containsExactly("SyncStep2");
        Message.SyncStep2 answer =
                (Message.SyncStep2) Message.readAll(writer.connection.frames.get(0), DecodeLimits.DEFAULT)
                        .get(0);
        assertThat(answer.update().stateVector().clock(writer.id)).isEqualTo(1);
        assertThat(Update.decode(typed).stateVector()).isEqualTo(answer.update().stateVector());
    }

    @Test
    void step1_ofAnotherIsAnsweredAtOnce() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.holding = true;
        writer.type("x");
        world.now += 1_000; // it was answered when it joined
        reader.send(Message.step1(StateVector.EMPTY));
        world.settle();

        assertThat(reader.connection.kinds()).containsExactly("SyncStep2");
    }

    @Test
    void step1s_ofOneTurnGetOneAnswer() {
        FakeClient client = world.quiet();
        world.now += 1_000; // it was answered when it joined
        for (int i = 0; i < 5; i++) {
            client.send(Message.step1(StateVector.EMPTY));
        }
        world.settle();

        assertThat(client.connection.kinds()).containsExactly("SyncStep2");
    }

    @Test
    void step1_ofAnUpToDateClientGetsNoStructs() {
        FakeClient writer = world.joined();
        world.typed(writer, "x");
        writer.connection.forget();
        world.now += 1_000; // it was answered when it joined
        writer.send(Message.step1(writer.knows()));
        world.settle();

        Message.SyncStep2 answer =
                (Message.SyncStep2) Message.readAll(writer.connection.frames.get(0), DecodeLimits.DEFAULT)
                        .get(0);
        assertThat(answer.update().isEmpty()).isTrue();
    }

    @Test
    void knownUpdate_makesNoRowAndNoFrame() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        byte[] typed = world.typed(writer, "x");
        reader.connection.forget();
        writer.send(Message.update(typed));
        reader.send(Message.step2(typed));
        world.settle();

        assertThat(world.rows()).isEqualTo(1);
        assertThat(reader.connection.frames).isEmpty();
        assertThat(writer.connection.frames).isEmpty();
    }

    @Test
    void updateThatWaitsInABatch_isNotWrittenAgain() {
        FakeClient a = world.quiet();
        FakeClient b = world.quiet();
        world.way.holding = true;
        byte[] typed = world.typed(a, "x");
        b.send(Message.update(typed));
        world.settle();
        world.way.holding = false;
        world.release();

        assertThat(world.rows()).isEqualTo(1);
    }

    @Test
    void reconnectStorm_ofUpToDateMembersAddsNoRowAndNoFrameForOthers() {
        Storm storm = new Storm(world, 1_000);
        storm.run();

        assertThat(storm.rowsAdded()).isZero();
        assertThat(storm.framesToOthers()).isZero();
    }

    @Test
    void slowMember_getsTheRestInOnePieceWhenItHasDrained() {
        FakeClient writer = world.quiet();
        FakeClient slow = world.quiet();
        slow.connection.slow = true;
        for (int i = 0; i < 50; i++) {
            writer.type("x".repeat(100));
            writer.delete(writer.id, i * 100L, 10);
            world.settle();
        }
        int whileSlow = slow.connection.frames.size();
        assertThat(slow.connection.backlog()).isLessThan(World.SMALL.maxBacklog() + 1_000);

        slow.connection.drain(slow.seat);
        world.settle();

        assertThat(slow.connection.frames).hasSize(whileSlow + 1);
        world.assertAllEqualTheLog();

        byte[] next = world.typed(writer, "next");
        assertThat(slow.has(next)).isTrue();
    }

    /** It is told once that a socket has drained; what it sends before its turn comes must not make it wait for ever. */
    @Test
    void slowMember_whoseBacklogRisesALittleBeforeTheRoomsTurn_catchesUpAllTheSame() {
        FakeClient writer = world.quiet();
        FakeClient slow = world.quiet();
        slow.connection.slow = true;
        for (int i = 0; i < 30; i++) {
            world.typed(writer, "y".repeat(100));
        }
        slow.connection.take();
        slow.connection.slow = true;
        writer.point("\"" + "p".repeat(700) + "\"");
        world.settle();
        slow.seat.drained();
        world.settle();
        slow.connection.take();

        world.assertAllEqualTheLog();
    }

    @Test
    void slowMember_thatWritesStaysEqual() {
        FakeClient writer = world.quiet();
        FakeClient slow = world.quiet();
        slow.connection.slow = true;
        for (int i = 0; i < 30; i++) {
            writer.type("y".repeat(100));
            world.typed(slow, "z");
        }
        slow.connection.drain(slow.seat);
        world.settle();

        world.assertAllEqualTheLog();
    }

    @Test
    void slowMember_getsItsAnswerToStep1WhenItHasDrained() {
        FakeClient writer = world.quiet();
        FakeClient slow = world.quiet();
        slow.connection.slow = true;
        for (int i = 0; i < 20; i++) {
            world.typed(writer, "y".repeat(100));
        }
        slow.connection.forget();
        world.now += 1_000; // it was answered when it joined
        slow.send(Message.step1(StateVector.EMPTY));
        world.settle();
        assertThat(slow.connection.count(Message.SyncStep2.class)).isZero();

        slow.connection.drain(slow.seat);
        world.settle();
        assertThat(slow.connection.count(Message.SyncStep2.class)).isEqualTo(1);
    }

    @Test
    void slowMember_hearsOfThoseWhoCameAndWentWhenItHasDrained() {
        FakeClient writer = world.quiet();
        FakeClient stays = world.joined();
        FakeClient goes = world.joined();
        goes.point("{}");
        FakeClient slow = world.joined();
        assertThat(slow.present()).containsExactly(goes.id);
        slow.connection.slow = true;
        for (int i = 0; i < 20; i++) {
            world.typed(writer, "y".repeat(100));
        }
        goes.disconnect();
        stays.point("{}");
        world.settle();
        slow.connection.drain(slow.seat);
        world.settle();

        assertThat(slow.present()).containsExactly(stays.id);
    }

    @Test
    void floodOfOneSocket_isReadNoFurtherUntilTheRoomHasWorked() {
        FakeClient client = world.quiet();
        for (int i = 0; i < 50; i++) {
            client.type("f".repeat(100));
        }
        assertThat(client.connection.paused).isTrue();
        world.settle();

        assertThat(client.connection.paused).isFalse();
        world.assertAllEqualTheLog();
        assertThat(world.saved().stateVector().clock(client.id)).isEqualTo(5_000);
    }

    @Test
    void awareness_isPutTogetherOnceATurnAndEchoedToItsSender() {
        List<FakeClient> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            all.add(world.quiet());
        }
        all.forEach(client -> client.connection.forget());
        all.forEach(client -> client.point("{\"n\":" + client.id + "}"));
        world.settle();

        for (FakeClient client : all) {
            assertThat(client.connection.kinds()).containsExactly("AwarenessUpdate");
            assertThat(client.present()).hasSize(3);
        }
    }

    @Test
    void awareness_ofATurnHoldsOnlyTheNewestStateOfAClient() {
        FakeClient mover = world.quiet();
        FakeClient reader = world.quiet();
        for (int i = 0; i < 20; i++) {
            mover.point("{\"x\":" + i + "}");
        }
        world.settle();

        Message.AwarenessUpdate heard =
                (Message.AwarenessUpdate) Message.readAll(reader.connection.frames.get(0), DecodeLimits.DEFAULT)
                        .get(0);
        assertThat(heard.states()).containsExactly(new AwarenessState(mover.id, 20, "{\"x\":19}"));
    }

    @Test
    void awareness_ofASocketThatIsGoneIsRemovedAtOnce() {
        FakeClient goes = world.quiet();
        FakeClient stays = world.quiet();
        goes.point("{}");
        world.settle();
        assertThat(stays.present()).containsExactly(goes.id);
        goes.disconnect();
        world.settle();

        assertThat(stays.present()).isEmpty();
    }

    @Test
    void awareness_ofAClientThatCameBackIsThereThoughItsClockIsTheSame() {
        FakeClient stays = world.quiet();
        FakeClient roams = world.quiet();
        roams.point("{}");
        world.settle();
        roams.disconnect();
        world.settle();
        roams.connect(world.rooms, ROOM);
        world.settle();

        assertThat(stays.present()).containsExactly(roams.id);
    }

    @Test
    void awareness_ofASocketThatWentWhileTheRoomLoadedIsNotKept() {
        world.way.holding = true;
        FakeClient goes = world.client();
        goes.own = new AwarenessState(goes.id, 1, "{}");
        goes.connect(world.rooms, ROOM);
        FakeClient stays = world.client();
        stays.connect(world.rooms, ROOM);
        world.settle();
        goes.disconnect();
        world.settle();
        world.way.holding = false;
        world.release();

        assertThat(stays.present()).isEmpty();
    }

    @Test
    void awareness_isToldToWhoAsks() {
        FakeClient a = world.quiet();
        a.point("{}");
        FakeClient asks = world.quiet();
        asks.connection.forget();
        asks.send(new byte[] {Message.QUERY_AWARENESS});
        world.settle();

        assertThat(asks.connection.kinds()).containsExactly("AwarenessUpdate");
    }

    @Test
    void awarenessState_thatIsTooLargeOrMalformedIsDropped_andTheLastGoodOneStays() {
        FakeClient client = world.quiet();
        FakeClient other = world.quiet();
        for (String bad : List.of("\"" + "x".repeat(2_000) + "\"", "{no json")) {
            client.point(bad);
            world.settle();
            assertThat(client.connection.closed).isNull();
            assertThat(other.present()).as("no good one was there").isEmpty();
        }
        client.point("{\"good\":1}");
        world.settle();
        for (int i = 0; i < 5; i++) {
            client.point("\"" + i + "x".repeat(2_000) + "\"");
            world.settle();
            world.pass(15_000);
        }
        assertThat(client.connection.closed).isNull();
        assertThat(other.states.get(client.id).json()).as("after 75 s").isEqualTo("{\"good\":1}");
        byte[] update = world.typed(client, "the document goes on");
        assertThat(other.has(update)).isTrue();
    }

    @Test
    void idleSocket_getsAnEmptyAwarenessMessage() {
        FakeClient client = world.quiet();
        world.pass(19_000);
        assertThat(client.connection.frames).isEmpty();
        world.pass(World.IDLE_TICK);
        assertThat(client.connection.kinds()).containsExactly("AwarenessUpdate");
        world.pass(World.IDLE_TICK);
        assertThat(client.connection.frames).hasSize(1);
    }

    @Test
    void stuckSocket_isClosed() {
        FakeClient writer = world.quiet();
        FakeClient stuck = world.quiet();
        stuck.connection.slow = true;
        world.typed(writer, "x");
        world.pass(60_000);
        assertThat(stuck.connection.closed).isNull();
        world.pass(World.IDLE_TICK);

        assertThat(stuck.connection.closed.code()).isEqualTo(1013);
        assertThat(writer.connection.closed).isNull();
    }

    @Test
    void stuckSocket_isClosedInABusyRoomToo() {
        FakeClient writer = world.quiet();
        FakeClient stuck = world.quiet();
        stuck.connection.slow = true;
        for (int i = 0; i < 70; i++) {
            world.typed(writer, "x");
            world.pass(1_000);
        }

        assertThat(stuck.connection.closed.code()).isEqualTo(1013);
    }
}
