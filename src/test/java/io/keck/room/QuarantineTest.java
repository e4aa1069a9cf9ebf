package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Right;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomDamaged;
import io.keck.failure.RoomMissing;
import io.keck.metrics.RoomMetrics;
import io.keck.room.Documents.Answer;
import io.keck.testing.Grants;
import io.keck.testing.OpenDocuments;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A room whose stored state is damaged. */
class QuarantineTest {
    private final AtomicInteger quarantined = new AtomicInteger();
    private final FakeLog log = new FakeLog();
    private final World world = node(1);

    private World node(long seed) {
        return new World(World.SMALL, World.ROOMS, log, Bus.NONE, new Counter(), seed);
    }

    private final class Counter implements RoomMetrics {
        @Override
        public void quarantineBegan() {
            quarantined.incrementAndGet();
        }

        @Override
        public void quarantineEnded() {
            quarantined.decrementAndGet();
        }
    }

    private static Throwable failure(World node, CompletionStage<?> stage) {
        node.settle();
        assertThat(stage.toCompletableFuture()).isDone();
        try {
            stage.toCompletableFuture().join();
            throw new AssertionError("no failure");
        } catch (CompletionException e) {
            return e.getCause();
        }
    }

    /** Three rows of a client that has left, the second of them damaged; the room is not loaded any more. */
    private FakeClient threeRows() {
        FakeClient writer = world.joined();
        for (String word : new String[] {"one ", "two ", "three "}) {
            writer.type(word);
            world.settle();
        }
        writer.disconnect();
        world.pass(World.IDLE_TICK);
        world.pass(World.SMALL.unloadAfter());
        world.pass(World.SMALL.unloadAfter());
        assertThat(world.rooms.isOpen(ROOM)).isFalse();
        log.damage(ROOM, 2);
        return writer;
    }

    private static String read(World node) {
        CompletionStage<Answer<String>> stage = OpenDocuments.of(node.rooms)
                .read(ROOM, false, doc -> doc.getText("t").toString());
        node.settle();
        Answer<String> answer = stage.toCompletableFuture().join();
        assertThat(answer.stale()).isTrue();
        return answer.value();
    }

    @Test
    void damagedRoom_isReadUpToTheDamage() {
        threeRows();
        FakeClient reader = world.joined();

        assertThat(reader.isConnected()).isTrue();
        assertThat(reader.knows().clock(100)).isEqualTo(4);
        assertThat(read(world)).isEqualTo("one ");
        assertThat(quarantined).hasValue(1);
    }

    @Test
    void writes_areRefusedAndNothingIsCommitted() {
        threeRows();
        FakeClient writer = world.joined();
        writer.type("x");
        world.settle();
        assertThat(writer.connection.closed.code()).isEqualTo(4403);
        assertThat(writer.connection.closed.text()).contains("quarantined");

        OpenDocuments documents = OpenDocuments.of(world.rooms);
        assertThat(failure(
                        world,
                        documents.write(ROOM, null, doc -> doc.getText("t").insert(0, "y"), doc -> "")))
                .isInstanceOf(RoomDamaged.class);
        assertThat(failure(world, documents.export(ROOM, new Exports(Runnable::run, 1), StructStore::encode)))
                .isInstanceOf(RoomDamaged.class);
        world.pass(10_000);
        assertThat(world.rows()).isEqualTo(3);
    }

    @Test
    void whoComesWithMore_mayStayAndRead() {
        FakeClient writer = threeRows();
        writer.connect(world.rooms, ROOM);
        world.settle();
        assertThat(writer.isConnected()).isTrue();
        assertThat(world.rows()).isEqualTo(3);
        assertThat(read(world)).isEqualTo("one ");
    }

    private long reads() {
        return world.way.calls.stream().filter(call -> call.startsWith("read")).count();
    }

    @Test
    void itStaysLoadedAndIsNotReadOverAndOver() {
        threeRows();
        FakeClient reader = world.joined();
        reader.disconnect();
        world.pass(10 * World.SMALL.unloadAfter());
        assertThat(world.rooms.isOpen(ROOM)).isTrue();
        long reads = reads();
        for (int i = 0; i < 10; i++) {
            world.pass(1_000);
            world.rooms.tail();
            world.settle();
        }
        assertThat(reads()).isEqualTo(reads);
    }

    @Test
    void repaired_everybodyComesBackAndBringsWhatWasLost() {
        FakeClient writer = threeRows();
        writer.connect(world.rooms, ROOM);
        world.settle();
        log.repair(ROOM);
        world.pass(10_000);
        world.rooms.tail();
        world.settle();
        assertThat(writer.connection.closed.code()).isEqualTo(1012);
        assertThat(quarantined).hasValue(0);

        writer.connect(world.rooms, ROOM);
        world.settle();
        assertThat(writer.isConnected()).isTrue();
        assertThat(log.replay(ROOM).stateVector().clock(100)).isEqualTo("one two three ".length());
        writer.type("four");
        world.settle();
        assertThat(world.saved().reduce(Update.decode(writer.replica.encode())).isEmpty())
                .isTrue();
    }

    @Test
    void deleted_theNameIsFreeAgain() {
        threeRows();
        FakeClient reader = world.joined();
        var unused = world.rooms.delete(ROOM, null);
        world.settle();
        assertThat(reader.connection.closed.code()).isEqualTo(4404);
        assertThat(quarantined).hasValue(0);
    }

    @Test
    void nodeThatReadsOnIntoTheDamage_loadsAnewAndServesWhatIsGood() {
        FakeClient here = world.joined();
        here.type("one ");
        world.settle();
        World other = node(2);
        FakeClient there = other.joined();
        there.type("two ");
        other.settle();
        log.damage(ROOM, 2);
        world.pass(10_000);
        world.rooms.tail();
        world.settle();
        assertThat(here.connection.closed.code()).isEqualTo(1012);

        here.connect(world.rooms, ROOM);
        world.settle();
        assertThat(here.isConnected()).isTrue();
        assertThat(read(world)).isEqualTo("one ");
        assertThat(quarantined).hasValue(1);
        // who has all of it in memory goes on
        there.type("three ");
        other.settle();
        assertThat(there.isConnected()).isTrue();
        assertThat(world.rows()).isEqualTo(3);
    }

    @Test
    void damagedInItsFirstRow_hasAPositionAndIsComparedWithTheLog() {
        threeRows();
        log.damage(ROOM, 1);
        FakeClient reader = world.joined();
        CompletionStage<RoomView> looked = world.rooms.look(ROOM);
        world.settle();
        RoomView view = looked.toCompletableFuture().join();
        assertThat(view.roomId()).isEqualTo(log.id(ROOM));
        assertThat(view.applied()).isZero();
        assertThat(read(world)).isEmpty();

        log.repair(ROOM);
        world.pass(10_000);
        world.rooms.tail();
        world.settle();
        assertThat(reader.connection.closed.code()).isEqualTo(1012);
    }

    /** A client that may not create documents connects to those that exist, and a damaged one does. */
    @Test
    void damagedRoom_exists() {
        threeRows();
        CompletionStage<Boolean> found = world.rooms.find(Grants.of("reader", ROOM, Right.READ));
        world.settle();
        assertThat(found.toCompletableFuture().join()).isTrue();

        CompletionStage<Boolean> other = world.rooms.find(Grants.of("reader", "other", Right.READ));
        assertThat(failure(world, other)).isInstanceOf(RoomMissing.class);
    }
}
