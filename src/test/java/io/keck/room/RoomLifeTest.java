package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.Update;
import io.keck.protocol.CloseReason;
import io.keck.room.FlakyLog.Outcome;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** How rooms come and go. */
class RoomLifeTest {
    private final World world = new World();

    @Test
    void joins_whileTheRoomLoadsAreServedWhenItHas() {
        world.way.holding = true;
        FakeClient a = world.joined();
        FakeClient b = world.joined();
        byte[] typed = a.type("early");
        world.settle();
        assertThat(a.connection.frames).isEmpty();
        assertThat(world.way.heldBack()).as("loaded once").isEqualTo(1);

        world.way.holding = false;
        world.way.releaseAll();
        world.settle();

        assertThat(b.has(typed)).isTrue();
        world.assertAllEqualTheLog();
    }

    @Test
    void failedLoad_closesWith1013AndALaterJoinLoadsAgain() {
        world.way.once(Outcome.FAIL);
        FakeClient first = world.joined();
        assertThat(first.connection.closed.code()).isEqualTo(1013);
        assertThat(world.rooms.isOpen(ROOM)).isFalse();

        FakeClient second = world.joined();
        assertThat(second.connection.closed).isNull();
        assertThat(second.connection.kinds()).startsWith("SyncStep1");
    }

    @Test
    void taskThatThrows_closesWith1012AndTheRoomLoadsAgain() {
        FakeClient victim = world.quiet();
        FakeClient writer = world.quiet();
        byte[] saved = writer.type("saved");
        world.settle();
        victim.connection.failure = new IllegalStateException("broken on purpose");
        byte[] lost = writer.type("committed, then the room fails");
        world.settle();

        assertThat(writer.connection.closed.code()).isEqualTo(1012);
        assertThat(world.rooms.isOpen(ROOM)).isFalse();

        FakeClient again = world.joined();
        assertThat(again.has(saved)).isTrue();
        assertThat(again.has(lost)).isTrue();
    }

    @Test
    void roomThatFailed_doesNotHearItsOldSeats() {
        FakeClient victim = world.quiet();
        FakeClient writer = world.quiet();
        victim.connection.failure = new IllegalStateException("broken on purpose");
        writer.type("x");
        world.settle();
        Seat old = writer.seat;
        FakeClient again = world.quiet();
        old.leave();
        old.drained();
        world.settle();
        byte[] typed = again.type("y");
        world.settle();

        assertThat(world.saved().reduce(Update.decode(typed)).isEmpty()).isTrue();
        assertThat(again.connection.closed).isNull();
    }

    @Test
    void roomWithoutSockets_isUnloadedAfterAWhile() {
        FakeClient client = world.joined();
        client.type("x");
        world.settle();
        client.disconnect();
        world.settle();
        world.pass(29_999);
        assertThat(world.rooms.isOpen(ROOM)).isTrue();
        world.pass(World.IDLE_TICK);
        assertThat(world.rooms.isOpen(ROOM)).isFalse();

        FakeClient later = world.joined();
        World.assertSame(later.replica, world.saved(), "who comes later");
    }

    @Test
    void roomWithUnsavedUpdates_isNotUnloaded() {
        FakeClient client = world.joined();
        world.way.always(Outcome.FAIL);
        client.type("x");
        world.settle();
        client.disconnect();
        world.settle();
        world.pass(100_000);
        assertThat(world.rooms.isOpen(ROOM)).isTrue();
        world.way.always(Outcome.OK);
        world.pass(1_000);
        assertThat(world.rows()).isEqualTo(1);
        world.pass(World.IDLE_TICK);
        assertThat(world.rooms.isOpen(ROOM)).isFalse();
    }

    @Test
    void joinBeforeTheUnloadingTurn_keepsTheRoom() {
        FakeClient client = world.joined();
        client.disconnect();
        world.settle();
        world.now += 100_000;
        world.rooms.tick();
        FakeClient racing = world.client();
        racing.connect(world.rooms, ROOM);
        world.settle();

        assertThat(racing.connection.closed).isNull();
        assertThat(world.way.calls).containsExactly("open");
        assertThat(world.rooms.size()).isEqualTo(1);
    }

    @Test
    void joinAfterTheUnloadingTurn_loadsAFreshRoom() {
        FakeClient client = world.joined();
        client.disconnect();
        world.settle();
        world.pass(100_000);
        FakeClient racing = world.joined();

        assertThat(racing.connection.closed).isNull();
        assertThat(world.way.calls).containsExactly("open", "forget", "open");
        assertThat(world.rooms.size()).isEqualTo(1);
    }

    @Test
    void seatThatIsLeftTwice_countsOnce() {
        FakeClient a = world.joined();
        FakeClient b = world.joined();
        Seat seat = a.seat;
        seat.leave();
        seat.leave();
        world.settle();
        world.pass(100_000);

        assertThat(world.rooms.isOpen(ROOM)).isTrue();
        assertThat(b.connection.closed).isNull();
    }

    @Test
    void drain_completesWhenEverythingIsSaved() {
        FakeClient client = world.joined();
        world.way.holding = true;
        client.type("last words");
        CompletableFuture<Void> drained = world.rooms.drain(CloseReason.restart());
        world.settle();

        assertThat(client.connection.closed.code()).isEqualTo(1012);
        assertThat(drained).isNotDone();
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();

        assertThat(drained).isCompleted();
        assertThat(world.rows()).isEqualTo(1);
    }

    @Test
    void drain_waitsForALogThatFails() {
        FakeClient client = world.joined();
        world.way.always(Outcome.FAIL);
        client.type("last words");
        CompletableFuture<Void> drained = world.rooms.drain(CloseReason.restart());
        world.pass(5_000);
        assertThat(drained).isNotDone();
        world.way.always(Outcome.OK);
        world.pass(500);

        assertThat(drained).isCompleted();
        assertThat(world.rows()).isEqualTo(1);
    }

    @Test
    void drain_ofNothingCompletesAtOnce() {
        assertThat(world.rooms.drain(CloseReason.restart())).isCompleted();
    }

    @Test
    void drain_ofARoomThatLoadsSavesWhatItsSocketsSent() {
        world.way.holding = true;
        FakeClient client = world.joined();
        client.type("early");
        CompletableFuture<Void> drained = world.rooms.drain(CloseReason.restart());
        world.settle();
        assertThat(drained).isNotDone();
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();

        assertThat(drained).isCompleted();
        assertThat(world.rows()).isEqualTo(1);
    }

    @Test
    void joinWhileTheNodeDrains_isSentAway() {
        var unused = world.rooms.drain(CloseReason.restart());
        FakeClient late = world.joined();

        assertThat(late.connection.closed.code()).isEqualTo(1012);
    }
}
