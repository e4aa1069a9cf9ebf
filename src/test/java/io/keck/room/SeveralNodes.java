package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.metrics.RoomMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** The base of tests with several nodes over one log, whose bus delivers everything. All of it is moved by hand. */
abstract class SeveralNodes {
    final FakeLog log = new FakeLog();
    final FakeBus bus = new FakeBus(1);
    final List<World> nodes = new ArrayList<>();

    /** Starts another node, at the time of the others. */
    final World node(Twin twin) {
        World world = new World(
                World.SMALL, Rooms.Maker.with(twin.safeguards()), log, bus.end(), RoomMetrics.NONE, nodes.size() + 1);
        world.way.shared = true;
        world.now = nodes.isEmpty() ? world.now : nodes.get(0).now;
        nodes.add(world);
        return world;
    }

    /** Has every node and the bus do what they have to do now. */
    final void settle() {
        for (int i = 0; i < 4; i++) {
            nodes.forEach(World::settle);
            bus.deliver(1_000);
        }
    }

    /** Lets time pass for all nodes. */
    final void pass(long millis) {
        for (World node : nodes) {
            node.now += millis;
        }
        for (World node : nodes) {
            node.rooms.tick();
            node.rooms.tail();
        }
        settle();
    }

    /** The result of what has to end without any time passing. */
    final <T> T now(CompletionStage<T> stage) {
        settle();
        assertThat(stage.toCompletableFuture()).isDone();
        return stage.toCompletableFuture().join();
    }

    /** Why it failed, which has to happen without any time passing. */
    final Throwable failure(CompletionStage<?> stage) {
        settle();
        assertThat(stage.toCompletableFuture()).isDone();
        try {
            stage.toCompletableFuture().join();
            throw new AssertionError("it did not fail");
        } catch (CompletionException e) {
            return e.getCause();
        }
    }
}
