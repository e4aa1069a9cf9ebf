package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.metrics.RoomMetrics;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the comparison with the log asks of the database: a load that is there though nobody does anything. */
class TailerTest {
    private static final int ROOMS = 2_500;
    private static final long EVERY = 200;
    private static final long SECONDS = 60;

    private final FakeBus bus = new FakeBus(1);
    private final FakeBus.End end = bus.end();
    private final List<String> compared = new ArrayList<>();
    private final RoomMetrics metrics = new RoomMetrics() {
        @Override
        public void compared(int behind, long rows) {
            compared.add(behind + " by " + rows);
        }
    };
    private final World world = new World(World.SMALL, World.ROOMS, new FakeLog(), end, metrics, 1);

    private void open(int rooms) {
        world.way.shared = true;
        for (int i = 0; i < rooms; i++) {
            world.client().connect(world.rooms, "room" + i);
        }
        world.settle();
        bus.deliver(Integer.MAX_VALUE);
        world.settle();
        run(5); // what openings have asked for is answered
    }

    /** Seconds in which nobody does anything. */
    private void run(long seconds) {
        for (long i = 0; i < seconds * 1_000; i += EVERY) {
            world.now += EVERY;
            world.rooms.tail();
            world.settle();
        }
        world.clients.forEach(client -> client.connection.forget());
    }

    private void assertAsked(long questions, long rooms) {
        world.way.calls.clear();
        world.way.headsAsked = 0;
        run(SECONDS);
        assertThat(world.way.calls).hasSize((int) questions).containsOnly("heads");
        assertThat(world.way.headsAsked).isEqualTo(rooms);
    }

    @Test
    void manyRooms_areOneQuestionEachFewSecondsWhileTheBusIsHealthy_andFiveASecondWhileNot() {
        open(ROOMS);
        long healthy = SECONDS * 1_000 / World.SMALL.compareEvery();
        assertAsked(healthy, healthy * ROOMS);
        end.healthy = false;
        long alone = SECONDS * 1_000 / World.SMALL.compareEveryWithoutBus();
        assertAsked(alone, alone * ROOMS);
    }

    @Test
    void roomsOfSeveralQuestions_areCountedTogether() {
        open(2 * ROOMS + 1);
        end.healthy = false;
        for (int i = 0; i < 2 * ROOMS; i += 1_000) {
            world.log.appendForeign("room" + i, new byte[] {0, 0});
        }
        world.way.headsAsked = 0;
        compared.clear();
        world.now += World.SMALL.compareEveryWithoutBus();
        world.rooms.tail();
        world.settle();
        assertThat(world.way.headsAsked).isEqualTo(2 * ROOMS + 1);
        assertThat(compared).containsExactly("5 by 1");
    }

    @Test
    void question_isNotRepeatedWhileItIsNotAnswered() {
        open(3);
        world.way.calls.clear();
        world.way.holding = true;
        run(SECONDS);
        assertThat(world.way.calls).containsExactly("heads");
    }
}
