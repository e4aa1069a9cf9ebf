package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.Update;
import io.keck.room.FlakyLog.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each safeguard is for: switched off, the tests see the harm. */
class RoomTwinsTest {
    private static final Safeguards NOT_REDUCING = new Safeguards() {
        @Override
        public boolean reducesUpdates() {
            return false;
        }
    };

    @Test
    void withoutReduce_aReconnectStormWritesRowsAndWakesEverybody() {
        World world = new World(World.SMALL, Rooms.Maker.with(NOT_REDUCING));
        Storm storm = new Storm(world, 100);
        storm.run();

        assertThat(storm.rowsAdded()).isPositive();
        assertThat(storm.framesToOthers()).isPositive();
    }

    @Test
    void withoutBatchIds_aRetryIsWrittenTwice() {
        World world = new World();
        world.log.forgetBatchIds();
        FakeClient writer = world.quiet();
        world.way.once(Outcome.UNKNOWN);
        writer.type("x");
        world.settle();
        world.pass(500);

        assertThat(world.log.everyBatchIsThereOnce(ROOM)).isFalse();
    }

    @Test
    void withoutCommitBeforeSending_whatWasSeenIsLostWithTheNode() {
        World world = new World();
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.answersFirst = true;
        byte[] typed = writer.type("x");
        world.settle();
        assertThat(reader.has(typed)).isTrue();
        world.executor.die();
        world.way.loseHeldBack();

        assertThat(world.saved().reduce(Update.decode(typed)).isEmpty()).isFalse();
    }

    /** The same kill, with the safeguard. */
    @Test
    void withCommitBeforeSending_whatWasSeenIsThereAfterAKill() {
        World world = new World();
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.holding = true;
        byte[] typed = writer.type("x");
        world.settle();
        world.executor.die();
        world.way.loseHeldBack();

        assertThat(reader.has(typed)).isFalse();
        assertThat(world.rows()).isZero();
    }

    /**
     * With all safeguards none of these seeds fails: they are the first of {@link ClusterSimulationTest}. {@link LivesTest}
     * and {@link EpochTest} have the twins that no seed shows.
     */
    @ParameterizedTest
    @EnumSource(
            value = Twin.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"NONE", "NO_ENDING", "NO_EPOCHS"})
    void simulation_seesWhenASafeguardIsOff(Twin twin) {
        assertThat(ClusterSimulation.fails(100, twin)).isTrue();
    }
}
