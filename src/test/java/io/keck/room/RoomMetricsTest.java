package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.metrics.ConnectionMetrics;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.testing.Grants;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a room tells those who count, by a clock that is moved by hand. */
class RoomMetricsTest {
    private long now = 1;
    private final List<String> told = new ArrayList<>();

    private final RoomMetrics metrics = new RoomMetrics() {
        @Override
        public long nanos() {
            return now;
        }

        @Override
        public void committed(long commitNanos, long waitedNanos, int updates, int bytes) {
            assertThat(bytes).isPositive();
            told.add("commit " + commitNanos + " waited " + waitedNanos + " updates " + updates);
        }

        @Override
        public void emptyStructs(int count) {
            if (count > 0) {
                told.add("empty " + count);
            }
        }

        @Override
        public void slowConnection() {
            told.add("slow");
        }
    };

    private final World world = new World(World.SMALL, World.ROOMS, new FakeLog(), Bus.NONE, metrics, 1);

    @Test
    void commit_isTimedFromReceptionAndFromTheTurnThatHandedItOver() {
        FakeClient client = world.quiet();
        world.way.holding = true;
        client.type("a");
        now += 10; // until the room's turn
        world.settle();
        now += 100;
        client.type("b");
        client.type("c");
        world.settle();
        now += 1_000;
        assertThat(world.rooms.census().waitingNanos()).isEqualTo(1_110);
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();

        assertThat(told).containsExactly("commit 1100 waited 1110 updates 1", "commit 0 waited 1000 updates 2");
        assertThat(world.rooms.census().waitingNanos()).isZero();
    }

    @Test
    void census_countsWhoIsThere() {
        FakeClient client = world.quiet();
        assertThat(world.rooms.census()).isEqualTo(new Rooms.Census(1, 1, 0));
        client.disconnect();
        world.settle();
        assertThat(world.rooms.census()).isEqualTo(new Rooms.Census(1, 0, 0));
    }

    @Test
    void slowConnection_isToldOnce() {
        FakeClient writer = world.quiet();
        FakeClient slow = world.quiet();
        slow.connection.slow = true;
        for (int i = 0; i < 5; i++) {
            writer.type("x".repeat(600));
            world.settle();
        }
        assertThat(told.stream().filter("slow"::equals)).hasSize(1);
    }

    @Test
    void emptyStructs_areToldOfWhereTheyComeIn() {
        FakeClient client = world.quiet();
        client.send(Message.update(new byte[] {1, 2, 9, 0, 4, 1, 1, 't', 0, 4, 1, 1, 't', 1, 'x', 1, 9, 1, 0, 0}));
        world.settle();
        assertThat(client.isConnected()).isTrue();
        assertThat(told).contains("empty 2");
    }

    @Test
    void busiest_isTheShareOfTheRoomThatTookMost_betweenTwoLooks() {
        world.quiet();
        world.rooms.tick();
        assertThat(world.rooms.busiest())
                .as("the first look has nothing to compare with")
                .isZero();
        FakeConnection slow = new FakeConnection(
                () -> {
                    now += 500_000_000L; // whoever sends looks at the clock
                    return world.now;
                },
                frame -> {});
        world.rooms.join(Grants.on("other"), slow);
        long before = now;
        world.settle(); // sends at least one frame
        double took = (now - before) / 1e9;
        now = before + 4_000_000_000L;
        world.rooms.tick();
        assertThat(world.rooms.busiest()).isEqualTo(took / 4, org.assertj.core.api.Assertions.within(0.2));
        assertThat(took).isPositive();
        now += 10_000_000_000L;
        world.rooms.tick();
        assertThat(world.rooms.busiest()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "0 0 1 0, STEP1",
        "0 1 2 0 0, STEP2",
        "0 2 2 0 0, UPDATE",
        "3, OTHER",
        "0, OTHER",
        "0 -1, OTHER",
        "0 3, OTHER",
        "2 0, OTHER"
    })
    void kind_isSeenInTheFirstBytes(String bytes, ConnectionMetrics.Kind kind) {
        String[] words = bytes.split(" ", -1);
        byte[] message = new byte[words.length];
        for (int i = 0; i < words.length; i++) {
            message[i] = Byte.parseByte(words[i]);
        }
        assertThat(ConnectionMetrics.Kind.of(message)).isEqualTo(kind);
    }

    @Test
    void kind_ofWhatIsSent() {
        assertThat(ConnectionMetrics.Kind.of(Message.awareness(List.of(new AwarenessState(1, 1, "{}")))))
                .isEqualTo(ConnectionMetrics.Kind.AWARENESS);
        assertThat(ConnectionMetrics.Kind.of(Message.update(new byte[] {0, 0})))
                .isEqualTo(ConnectionMetrics.Kind.UPDATE);
        assertThat(ConnectionMetrics.Kind.of(new byte[0])).isEqualTo(ConnectionMetrics.Kind.OTHER);
    }
}
