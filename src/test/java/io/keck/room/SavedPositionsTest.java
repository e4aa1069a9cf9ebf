package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StateVector;
import io.keck.protocol.Message;
import io.keck.room.FlakyLog.Outcome;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a connection is told of its own updates: saved means that they are in the log. */
class SavedPositionsTest {
    private static final Safeguards TOO_EARLY = new Safeguards() {
        @Override
        public boolean saysSavedAfterTheCommit() {
            return false;
        }
    };

    private final World world = new World();

    /** The step 2 of a client that has nothing is the first of its updates. */
    private static final long STEP2 = 1;

    @Test
    void updates_areToldAfterTheirCommitAndNotBefore() {
        FakeClient writer = world.quiet();
        assertThat(writer.connection.saved).isEqualTo(STEP2);
        world.way.holding = true;
        writer.type("a");
        world.settle();
        writer.type("b");
        world.settle();
        assertThat(writer.connection.saved).isEqualTo(STEP2);
        world.way.release(0);
        world.settle();
        assertThat(writer.connection.saved)
                .as("the first, while the second is on its way")
                .isEqualTo(STEP2 + 1);
        world.way.releaseAll();
        world.settle();
        assertThat(writer.connection.saved).isEqualTo(STEP2 + 2);
    }

    /** The twin: without the safeguard the same kill takes along what was called saved. */
    @Test
    void withoutTheSafeguard_aKilledNodeTakesAlongWhatWasCalledSaved() {
        assertThat(isLostThoughSaved(new World(World.SMALL, Rooms.Maker.with(TOO_EARLY))))
                .isTrue();
        assertThat(isLostThoughSaved(new World())).isFalse();
    }

    private static boolean isLostThoughSaved(World world) {
        FakeClient writer = world.quiet();
        world.way.holding = true;
        byte[] typed = writer.type("a");
        world.settle();
        boolean wasCalledSaved = writer.isSaved();
        world.executor.die();
        world.way.loseHeldBack();
        return wasCalledSaved && !world.log.holds(ROOM, typed);
    }

    @Test
    void repeatOfWhatAnotherSentAndIsNotCommitted_waitsForThatCommit() {
        FakeClient writer = world.quiet();
        FakeClient repeater = world.quiet();
        world.way.holding = true;
        byte[] typed = writer.type("a");
        world.settle();
        repeater.send(Message.update(typed));
        world.settle();
        assertThat(repeater.isSaved()).isFalse();
        world.way.releaseAll();
        world.settle();
        assertThat(repeater.isSaved()).isTrue();
        assertThat(world.rows()).isEqualTo(1);
    }

    @Test
    void repeatOfWhatIsCommitted_isSavedAtOnce() {
        FakeClient writer = world.quiet();
        byte[] typed = writer.type("a");
        world.settle();
        world.way.always(Outcome.FAIL);
        writer.send(Message.update(typed));
        world.settle();
        assertThat(writer.isSaved()).isTrue();
    }

    @Test
    void unsavedMode_saysNothingUntilTheLogIsBack() {
        FakeClient writer = world.quiet();
        FakeClient other = world.quiet();
        byte[] saved = other.type("saved");
        world.settle();
        world.way.always(Outcome.FAIL);
        writer.type("a");
        world.settle();
        other.send(Message.update(saved));
        FakeClient newcomer = world.joined();
        world.pass(60_000);
        assertThat(writer.isSaved()).isFalse();
        assertThat(other.isSaved()).isFalse();
        assertThat(newcomer.connection.saved).isZero();
        assertThat(newcomer.has(saved)).as("it was answered all the same").isTrue();

        world.way.always(Outcome.OK);
        world.pass(500);
        world.pass(500);
        assertThat(writer.isSaved()).isTrue();
        assertThat(other.isSaved()).isTrue();
        assertThat(newcomer.isSaved()).isTrue();
    }

    @Test
    void offlineEdits_areSavedWithTheStepTwoThatBringsThem() {
        FakeClient writer = world.client();
        byte[] typed = writer.type("offline");
        List<Boolean> whenTold = new ArrayList<>();
        writer.onSaved = update -> whenTold.add(world.log.holds(ROOM, typed));
        writer.connect(world.rooms, ROOM);
        world.settle();
        assertThat(whenTold).containsExactly(true);
        assertThat(writer.isSaved()).isTrue();
    }

    @Test
    void delete_whoseStructIsNotThere_isSavedWhenItIsTaken() {
        FakeClient writer = world.quiet();
        FakeClient stranger = world.quiet();
        stranger.send(Message.update(FakeClient.deletion(writer.id, 0, 1)));
        stranger.send(Message.update(FakeClient.text(stranger.id, 0, "on")));
        world.settle();
        assertThat(stranger.isSaved()).isFalse();
        assertThat(stranger.connection.saved).isEqualTo(STEP2);

        writer.type("a");
        world.settle();
        assertThat(world.saved().deletes().contains(writer.id, 0)).isTrue();
        assertThat(stranger.isSaved()).isTrue();
    }

    @Test
    void updateThatWasLeftAside_isSavedWhenTheStepTwoThatBringsItAgainIs() {
        World full = new World(RoomSettings.builder()
                .document(new DocumentLimits(1_000, 1_000, 100))
                .build());
        FakeClient writer = full.quiet();
        byte[] large = writer.type("x".repeat(2_000));
        full.settle();
        long before = writer.connection.saved;
        writer.type("y");
        full.settle();
        full.pass(61_000);
        assertThat(writer.connection.saved).isEqualTo(before);

        writer.delete(writer.id, 0, writer.typed());
        full.settle();
        for (int i = 0; i < 5; i++) {
            full.pass(61_000);
        }
        boolean isThere = full.log.holds(ROOM, large);
        assertThat(writer.isSaved()).isEqualTo(isThere);
    }

    @Test
    void otherContentUnderKnownIds_isNeverCalledSaved() {
        FakeClient writer = world.quiet();
        writer.type("abc");
        world.settle();
        FakeClient impostor = world.quiet();
        long before = impostor.connection.saved;
        impostor.send(Message.update(FakeClient.text(writer.id, 0, "xyz")));
        impostor.send(Message.update(FakeClient.text(impostor.id, 0, "own")));
        impostor.send(Message.step2(impostor.replica.diff(StateVector.EMPTY)));
        world.settle();
        assertThat(impostor.connection.saved).isEqualTo(before);
        assertThat(world.log.holds(ROOM, FakeClient.text(impostor.id, 0, "own")))
                .isTrue();
    }
}
