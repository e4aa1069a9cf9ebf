package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.metrics.RoomMetrics;
import io.keck.room.FlakyLog.Outcome;
import org.junit.jupiter.api.Test;

/** A room whose log fails, is late, or has rows of others. */
class RoomUnsavedTest {
    private final World world = new World();

    private void logIsBack() {
        world.way.always(Outcome.OK);
        world.pass(500);
        world.pass(500);
    }

    @Test
    void failedCommit_letsSocketsGoOn() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.always(Outcome.FAIL);
        byte[] first = world.typed(writer, "first");
        byte[] second = world.typed(writer, "second");

        assertThat(reader.has(first)).isTrue();
        assertThat(reader.has(second)).isTrue();
        assertThat(world.rows()).isZero();
    }

    @Test
    void commitThatIsLate_letsSocketsGoOn() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.holding = true;
        byte[] typed = world.typed(writer, "x");
        world.pass(2_000);
        assertThat(reader.has(typed)).isFalse();
        world.pass(500);

        assertThat(reader.has(typed)).isTrue();
        assertThat(world.rows()).isZero();
    }

    @Test
    void commitThatIsLate_isNoticedThoughTurnsGoOn() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.holding = true;
        byte[] typed = world.typed(writer, "x");
        for (int i = 0; i < 30; i++) {
            world.pass(100);
            world.typed(writer, "on");
        }

        assertThat(reader.has(typed)).isTrue();
    }

    @Test
    void unsavedMode_endsWithTheNextCommitAndNothingIsSentTwiceOrLost() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.always(Outcome.FAIL);
        for (int i = 0; i < 5; i++) {
            world.typed(writer, "u");
        }
        assertThat(reader.connection.frames).hasSize(5);
        logIsBack();

        assertThat(reader.connection.frames).as("nothing twice").hasSize(5);
        world.assertAllEqualTheLog();

        world.way.holding = true;
        byte[] later = world.typed(writer, "saved first again");
        assertThat(reader.has(later)).isFalse();
        world.release();
        assertThat(reader.has(later)).isTrue();
    }

    @Test
    void commitThatIsOnItsWay_doesNotLetTheNextBatchGrowWithoutBound() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.holding = true;
        for (int i = 0; i < 20; i++) {
            world.typed(writer, "x".repeat(1_000));
        }
        assertThat(writer.connection.paused).isTrue();
        assertThat(reader.connection.paused).isFalse();

        world.way.holding = false;
        world.release();
        assertThat(writer.connection.paused).isFalse();
        world.assertAllEqualTheLog();
        World.assertSame(reader.replica, writer.replica, "the reader");
    }

    @Test
    void attemptThatIsCarriedOutAfterItsRetry_addsNothing() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.once(Outcome.LATE);
        world.typed(writer, "x");
        world.pass(World.SMALL.retryAfter());
        assertThat(world.rows()).as("the retry").isEqualTo(1);
        world.way.releaseAll(); // the first attempt
        assertThat(world.rows()).isEqualTo(2);

        reader.connection.forget();
        world.typed(writer, "y");
        assertThat(reader.connection.frames).hasSize(1);
        World.assertSame(reader.replica, writer.replica, "the reader");
        World.assertSame(reader.replica, world.saved(), "the log");
    }

    @Test
    void newcomer_inUnsavedModeGetsTheOverlay() {
        FakeClient writer = world.quiet();
        world.typed(writer, "saved");
        world.way.always(Outcome.FAIL);
        byte[] unsaved = world.typed(writer, "unsaved");
        FakeClient newcomer = world.joined();

        assertThat(newcomer.has(unsaved)).isTrue();
        World.assertSame(newcomer.replica, writer.replica, "the newcomer");
        logIsBack();
        world.assertAllEqualTheLog();
    }

    @Test
    void newcomer_betweenTheEndOfUnsavedModeAndTheCommitOfItsRest_missesNothing() {
        FakeClient writer = world.quiet();
        twoBatchesOneOfThemCommitted(writer);
        FakeClient newcomer = world.joined();
        world.way.holding = false;
        world.release();

        World.assertSame(newcomer.replica, writer.replica, "the newcomer");
        world.assertAllEqualTheLog();
    }

    @Test
    void slowMember_thatDrainsBetweenTheEndOfUnsavedModeAndTheCommitOfItsRest_missesNothing() {
        FakeClient writer = world.quiet();
        FakeClient slow = world.quiet();
        slow.connection.slow = true;
        for (int i = 0; i < 20; i++) {
            world.typed(writer, "y".repeat(100));
        }
        twoBatchesOneOfThemCommitted(writer);
        slow.connection.drain(slow.seat);
        world.settle();
        world.way.holding = false;
        world.release();

        world.assertAllEqualTheLog();
    }

    /** Unsaved mode has ended with the first batch; the second, which the sockets have, is in flight. */
    private void twoBatchesOneOfThemCommitted(FakeClient writer) {
        world.way.always(Outcome.FAIL);
        world.typed(writer, "first batch");
        world.typed(writer, "second batch");
        long rows = world.rows();
        world.way.always(Outcome.OK);
        world.way.holding = true;
        world.pass(500);
        world.way.release(0);
        world.settle();
        assertThat(world.rows()).isEqualTo(rows + 1);
        assertThat(world.way.heldBack()).isEqualTo(1);
    }

    @Test
    void slowMember_inUnsavedModeCatchesUpWithTheOverlay() {
        FakeClient writer = world.quiet();
        FakeClient slow = world.quiet();
        slow.connection.slow = true;
        for (int i = 0; i < 20; i++) {
            world.typed(writer, "y".repeat(100));
        }
        world.way.always(Outcome.FAIL);
        byte[] unsaved = world.typed(writer, "unsaved");
        slow.connection.drain(slow.seat);
        world.settle();

        assertThat(slow.has(unsaved)).isTrue();
        logIsBack();
        world.assertAllEqualTheLog();
    }

    @Test
    void writers_arePausedAtTheLimitOfWhatIsUnsavedAndResumedAfterwards() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.always(Outcome.FAIL);
        for (int i = 0; i < 100; i++) {
            world.typed(writer, "z".repeat(300));
        }
        assertThat(writer.connection.paused).isTrue();
        assertThat(reader.connection.paused).isFalse();
        assertThat(writer.connection.closed).isNull();
        assertThat(reader.replica.memory()).isLessThan(4 * World.SMALL.maxUnsaved());

        logIsBack();
        assertThat(writer.connection.paused).isFalse();
        world.pass(500);
        world.assertAllEqualTheLog();
        assertThat(world.saved().stateVector().clock(writer.id)).isEqualTo(30_000);
    }

    @Test
    void retryAfterAnUnknownOutcome_isNotWrittenTwice() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.once(Outcome.UNKNOWN);
        byte[] typed = world.typed(writer, "x");
        assertThat(world.rows()).isEqualTo(1);
        logIsBack();

        assertThat(world.rows()).isEqualTo(1);
        assertThat(reader.has(typed)).isTrue();
        world.assertAllEqualTheLog();
    }

    @Test
    void foreignRows_areReadBeforeTheOwnBatchCounts() {
        FakeClient writer = world.quiet();
        byte[] foreign = FakeClient.text(7, 0, "foreign");
        byte[] foreign2 = FakeClient.text(7, 7, "more");
        world.log.appendForeign(ROOM, foreign);
        world.log.appendForeign(ROOM, foreign2);
        world.typed(writer, "own");

        assertThat(world.way.calls).endsWith("append", "read after 0");
        assertThat(writer.has(foreign)).isTrue();
        assertThat(writer.connection.kinds())
                .as("each foreign row, not the own one")
                .hasSize(2);
        world.assertAllEqualTheLog();

        world.typed(writer, "on");
        assertThat(world.way.calls).as("no gap any more").endsWith("read after 0", "append");
    }

    @Test
    void foreignRowThatRepeatsWhatIsKnown_makesNoFrame() {
        FakeClient writer = world.quiet();
        byte[] typed = world.typed(writer, "x");
        world.log.appendForeign(ROOM, typed);
        FakeClient reader = world.quiet();
        byte[] next = world.typed(writer, "y");

        assertThat(reader.connection.frames).hasSize(1);
        assertThat(reader.has(next)).isTrue();
    }

    @Test
    void foreignRowsAfterTheOwn_areReadInOrder() {
        FakeClient writer = world.quiet();
        world.way.once(Outcome.UNKNOWN);
        world.typed(writer, "own");
        byte[] foreign = FakeClient.text(7, 0, "foreign");
        world.log.appendForeign(ROOM, foreign);
        logIsBack();
        world.typed(writer, "next");

        assertThat(writer.has(foreign)).isTrue();
        world.assertAllEqualTheLog();
        assertThat(world.rows()).isEqualTo(3);
    }

    @Test
    void gapThatCannotBeRead_isReadLater() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        byte[] foreign = FakeClient.text(7, 0, "foreign");
        world.log.appendForeign(ROOM, foreign);
        boolean[] appended = new boolean[1];
        world.way.outcome = () -> {
            boolean first = !appended[0];
            appended[0] = true;
            return first ? Outcome.OK : Outcome.FAIL;
        };
        byte[] typed = world.typed(writer, "own");
        assertThat(reader.has(typed)).as("passed on unsaved").isTrue();
        logIsBack();

        assertThat(reader.has(foreign)).isTrue();
        assertThat(world.rows()).isEqualTo(2);
        world.assertAllEqualTheLog();
    }

    @Test
    void rowsThatWereCompactedAway_areReplacedByTheSnapshot() {
        FakeClient writer = world.quiet();
        byte[] foreign = FakeClient.text(7, 0, "foreign");
        world.log.appendForeign(ROOM, foreign);
        world.log.appendForeign(ROOM, FakeClient.text(7, 7, "more"));
        world.log.compact(ROOM, 0);
        world.typed(writer, "own");

        assertThat(writer.has(foreign)).isTrue();
        world.assertAllEqualTheLog();
        assertThat(world.rows()).isEqualTo(3);
    }

    @Test
    void ownBatchThatIsInTheSnapshotAlready_isNotWrittenAgain() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.log.appendForeign(ROOM, FakeClient.text(7, 0, "foreign"));
        world.way.holding = true;
        byte[] typed = world.typed(writer, "own");
        world.way.release(0); // the append; the room sees a gap and asks for the rows
        world.settle();
        world.log.compact(ROOM, 0);
        world.way.holding = false;
        world.release();

        assertThat(reader.has(typed)).isTrue();
        assertThat(world.rows()).isEqualTo(2);
        world.assertAllEqualTheLog();

        byte[] next = world.typed(writer, "next");
        assertThat(reader.has(next)).isTrue();
        assertThat(world.rows()).isEqualTo(3);
    }

    @Test
    void roomThatWasDeleted_closesWith4404() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.log.delete(ROOM);
        world.typed(writer, "x");

        assertThat(writer.connection.closed.code()).isEqualTo(4404);
        assertThat(reader.connection.closed.code()).isEqualTo(4404);
        assertThat(world.rooms.isOpen(ROOM)).isFalse();
    }

    @Test
    void roomThatWasDeletedBeforeAGapIsRead_closesWith4404() {
        FakeClient writer = world.quiet();
        world.log.appendForeign(ROOM, FakeClient.text(7, 0, "foreign"));
        world.way.holding = true;
        world.typed(writer, "x");
        world.way.release(0);
        world.settle();
        world.log.delete(ROOM);
        world.release();

        assertThat(writer.connection.closed.code()).isEqualTo(4404);
    }

    /** A row may be read before its commit is answered; then nothing is unsaved, however long the answer takes. */
    @Test
    void commitThatIsAnsweredLongAfterItsRowWasRead_beginsNoUnsavedMode() {
        FakeBus bus = new FakeBus(7);
        World one = new World(World.SMALL, Rooms.Maker.with(Safeguards.ON), world.log, bus.end(), RoomMetrics.NONE, 1);
        World two = new World(World.SMALL, Rooms.Maker.with(Safeguards.ON), world.log, bus.end(), RoomMetrics.NONE, 2);
        FakeClient writer = one.joined();
        FakeClient other = two.joined();
        one.way.answersLate = true;
        one.typed(writer, "x");
        one.way.answersLate = false;
        one.pass(World.SMALL.saveTimeout() + 1);
        assertThat(writer.isSaved()).as("the answer is missing").isFalse();
        two.typed(other, "y");
        for (int i = 0; i < 3; i++) {
            bus.deliver(1_000);
            two.settle();
            one.settle();
        }
        assertThat(writer.isSaved()).as("the row was read").isTrue();

        one.pass(World.SMALL.saveTimeout() + 1);
        assertThat(one.joined().isSaved()).isTrue();
    }
}
