package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Decoder;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.Message;
import io.keck.testing.Grants;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Another content under an id that the room has is counted and said to a sender that asked for it. */
class ConflictsTest {
    private final List<Integer> counted = new ArrayList<>();

    private World world(Safeguards safeguards) {
        RoomMetrics metrics = new RoomMetrics() {
            @Override
            public void conflicts(int ranges) {
                counted.add(ranges);
            }
        };
        return new World(World.SMALL, Rooms.Maker.with(safeguards), new FakeLog(), Bus.NONE, metrics, 1);
    }

    private static void send(World world, FakeClient from, byte[] update) {
        from.send(Message.update(update));
        world.settle();
    }

    private static List<byte[]> told(FakeClient client) {
        return client.connection.frames.stream()
                .filter(f -> f[0] == Message.CONFLICT)
                .toList();
    }

    @Test
    void otherContentUnderAKnownId_isCountedAndSaid_andTheFirstStays() {
        World world = world(Safeguards.ON);
        FakeClient honest = world.joined();
        FakeClient asks = world.joined();
        FakeClient other = world.joined();
        asks.connection.hearsOfConflicts = true;
        honest.type("honest");
        world.settle();
        byte[] before = world.saved().encode();
        send(world, asks, FakeClient.text(honest.id, 0, "honXst"));
        send(world, other, FakeClient.text(honest.id, 0, "hoXest"));

        assertThat(counted).containsExactly(1, 1);
        assertThat(told(asks)).hasSize(1);
        assertThat(told(other)).isEmpty();
        assertThat(told(honest)).isEmpty();
        assertThat(asks.connection.closed).isNull();
        assertThat(world.saved().encode()).isEqualTo(before);
        Decoder in = new Decoder(told(asks).get(0));
        assertThat(in.readVarUint()).isEqualTo(111);
        assertThat(in.readVarUint()).isEqualTo(1);
        assertThat(in.readVarUint()).isEqualTo(honest.id);
        assertThat(in.readVarUint()).isEqualTo(3);
        assertThat(in.readVarUint()).isEqualTo(1);
        assertThat(in.readUint8()).isZero();
        assertThat(in.hasRemaining()).isFalse();
    }

    /** The twin of the test above. */
    @Test
    void withoutLooking_otherContentIsNothingNew() {
        World world = world(new Safeguards() {
            @Override
            public boolean noticesConflicts() {
                return false;
            }
        });
        FakeClient honest = world.joined();
        honest.type("honest");
        world.settle();
        send(world, world.joined(), FakeClient.text(honest.id, 0, "honXst"));
        assertThat(counted).isEmpty();
    }

    /** Somebody wrote under the id of a client that was away; what that one wrote meanwhile is not even sent. */
    @Test
    void clientThatLacksWhatStandsUnderItsOwnId_isToldWhenItComesBack() {
        World world = world(Safeguards.ON);
        FakeClient victim = world.joined();
        victim.point("{}");
        victim.type("online ");
        world.settle();
        victim.disconnect();
        victim.type("offline");
        send(world, world.joined(), FakeClient.text(victim.id, 7, "somebody else's words"));
        assertThat(counted).isEmpty();

        FakeConnection back = victim.sit();
        back.hearsOfConflicts = true;
        victim.seat = world.rooms.join(Grants.on(ROOM), back);
        victim.hello();
        world.settle();
        assertThat(counted).hasSize(1);
        assertThat(told(victim)).hasSize(1);
        assertThat(told(victim).get(0)).containsExactly(111, 1, (byte) victim.id, 14, 14, 0);
    }

    @Test
    void clientThatComesBackWithNews_isNoConflict() {
        World world = world(Safeguards.ON);
        FakeClient client = world.joined();
        client.point("{}");
        client.type("online ");
        world.settle();
        client.disconnect();
        client.type("offline");
        client.connect(world.rooms, ROOM);
        world.settle();
        assertThat(counted).isEmpty();
    }

    @Test
    void repetition_isNoConflict_andWhatWaitsToBeSavedCounts() {
        World world = world(Safeguards.ON);
        FakeClient honest = world.joined();
        FakeClient other = world.joined();
        world.way.holding = true;
        byte[] typed = honest.type("honest");
        world.settle();
        send(world, other, typed);
        assertThat(counted).isEmpty();
        send(world, other, FakeClient.text(honest.id, 0, "honest and more"));
        assertThat(counted).isEmpty();
        send(world, other, FakeClient.text(honest.id, 0, "X"));
        assertThat(counted).containsExactly(1);
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        assertThat(world.log.everyBatchIsThereOnce(ROOM)).isTrue();
    }
}
