package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

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
        byte[] first = writer.type("first");
        world.settle();
        byte[] second = writer.type("second");
        world.settle();

        assertThat(reader.has(first)).isTrue();
        assertThat(reader.has(second)).isTrue();
        assertThat(world.rows()).isZero();
    }

    @Test
    void commitThatIsLate_letsSocketsGoOn() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.holding = true;
        byte[] typed = writer.type("x");
        world.settle();
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
        byte[] typed = writer.type("x");
        world.settle();
        for (int i = 0; i < 30; i++) {
            world.pass(100);
            writer.type("on");
            world.settle();
        }

        assertThat(reader.has(typed)).isTrue();
    }

    @Test
    void unsavedMode_endsWithTheNextCommitAndNothingIsSentTwiceOrLost() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.always(Outcome.FAIL);
        for (int i = 0; i < 5; i++) {
            writer.type("u");
            world.settle();
        }
        assertThat(reader.connection.frames).hasSize(5);
        logIsBack();

        assertThat(reader.connection.frames).as("nothing twice").hasSize(5);
        world.assertAllEqualTheLog();

        world.way.holding = true;
        byte[] later = writer.type("saved first again");
        world.settle();
        assertThat(reader.has(later)).isFalse();
        world.way.releaseAll();
        world.settle();
        assertThat(reader.has(later)).isTrue();
    }

    @Test
    void commitThatIsOnItsWay_doesNotLetTheNextBatchGrowWithoutBound() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.holding = true;
        for (int i = 0; i < 20; i++) {
            writer.type("x".repeat(1_000));
            world.settle();
        }
        assertThat(writer.connection.paused).isTrue();
        assertThat(reader.connection.paused).isFalse();

        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        assertThat(writer.connection.paused).isFalse();
        world.assertAllEqualTheLog();
        World.assertSame(reader.replica, writer.replica, "the reader");
    }

    @Test
    void attemptThatIsCarriedOutAfterItsRetry_addsNothing() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.way.once(Outcome.LATE);
        writer.type("x");
        world.settle();
        world.pass(World.SMALL.retryAfter());
        assertThat(world.rows()).as("the retry").isEqualTo(1);
        world.way.releaseAll(); // the first attempt
        assertThat(world.rows()).isEqualTo(2);

        reader.connection.forget();
        writer.type("y");
        world.settle();
        assertThat(reader.connection.frames).hasSize(1);
        World.assertSame(reader.replica, writer.replica, "the reader");
        World.assertSame(reader.replica, world.saved(), "the log");
    }

    @Test
    void newcomer_inUnsavedModeGetsTheOverlay() {
        FakeClient writer = world.quiet();
        writer.type("saved");
        world.settle();
        world.way.always(Outcome.FAIL);
        byte[] unsaved = writer.type("unsaved");
        world.settle();
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
        world.way.releaseAll();
        world.settle();

        World.assertSame(newcomer.replica, writer.replica, "the newcomer");
        world.assertAllEqualTheLog();
    }

    @Test
    void slowMember_thatDrainsBetweenTheEndOfUnsavedModeAndTheCommitOfItsRest_missesNothing() {
        FakeClient writer = world.quiet();
        FakeClient slow = world.quiet();
        slow.connection.slow = true;
        for (int i = 0; i < 20; i++) {
            writer.type("y".repeat(100));
            world.settle();
        }
        twoBatchesOneOfThemCommitted(writer);
        slow.connection.drain(slow.seat);
        world.settle();
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();

        world.assertAllEqualTheLog();
    }

    /** Unsaved mode has ended with the first batch; the second, which the sockets have, is in flight. */
    private void twoBatchesOneOfThemCommitted(FakeClient writer) {
        world.way.always(Outcome.FAIL);
        writer.type("first batch");
        world.settle();
        writer.type("second batch");
        world.settle();
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
            writer.type("y".repeat(100));
            world.settle();
        }
        world.way.always(Outcome.FAIL);
        byte[] unsaved = writer.type("unsaved");
        world.settle();
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
            writer.type("z".repeat(300));
            world.settle();
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
        byte[] typed = writer.type("x");
        world.settle();
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
        writer.type("own");
        world.settle();

        assertThat(world.way.calls).endsWith("append", "read after 0");
        assertThat(writer.has(foreign)).isTrue();
        assertThat(writer.connection.kinds())
                .as("each foreign row, not the own one")
                .hasSize(2);
        world.assertAllEqualTheLog();

        writer.type("on");
        world.settle();
        assertThat(world.way.calls).as("no gap any more").endsWith("read after 0", "append");
    }

    @Test
    void foreignRowThatRepeatsWhatIsKnown_makesNoFrame() {
        FakeClient writer = world.quiet();
        byte[] typed = writer.type("x");
        world.settle();
        world.log.appendForeign(ROOM, typed);
        FakeClient reader = world.quiet();
        byte[] next = writer.type("y");
        world.settle();

        assertThat(reader.connection.frames).hasSize(1);
        assertThat(reader.has(next)).isTrue();
    }

    @Test
    void foreignRowsAfterTheOwn_areReadInOrder() {
        FakeClient writer = world.quiet();
        world.way.once(Outcome.UNKNOWN);
        writer.type("own");
        world.settle();
        byte[] foreign = FakeClient.text(7, 0, "foreign");
        world.log.appendForeign(ROOM, foreign);
        logIsBack();
        writer.type("next");
        world.settle();

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
        byte[] typed = writer.type("own");
        world.settle();
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
        writer.type("own");
        world.settle();

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
        byte[] typed = writer.type("own");
        world.settle();
        world.way.release(0); // the append; the room sees a gap and asks for the rows
        world.settle();
        world.log.compact(ROOM, 0);
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();

        assertThat(reader.has(typed)).isTrue();
        assertThat(world.rows()).isEqualTo(2);
        world.assertAllEqualTheLog();

        byte[] next = writer.type("next");
        world.settle();
        assertThat(reader.has(next)).isTrue();
        assertThat(world.rows()).isEqualTo(3);
    }

    @Test
    void roomThatWasDeleted_closesWith4404() {
        FakeClient writer = world.quiet();
        FakeClient reader = world.quiet();
        world.log.delete(ROOM);
        writer.type("x");
        world.settle();

        assertThat(writer.connection.closed.code()).isEqualTo(4404);
        assertThat(reader.connection.closed.code()).isEqualTo(4404);
        assertThat(world.rooms.isOpen(ROOM)).isFalse();
    }

    @Test
    void roomThatWasDeletedBeforeAGapIsRead_closesWith4404() {
        FakeClient writer = world.quiet();
        world.log.appendForeign(ROOM, FakeClient.text(7, 0, "foreign"));
        world.way.holding = true;
        writer.type("x");
        world.settle();
        world.way.release(0);
        world.settle();
        world.log.delete(ROOM);
        world.way.releaseAll();
        world.settle();

        assertThat(writer.connection.closed.code()).isEqualTo(4404);
    }
}
