package io.keck.room;

import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of the times in which rooms cannot be saved or loaded, for all rooms of a node together: one line when an outage
 * begins, one each minute while it lasts, one when it has ended. A thousand rooms that try again twice a second would
 * otherwise fill the disk, which may be the trouble. Each failure of each room is at DEBUG.
 *
 * <p>An outage ends when no attempt has failed and no room has gone on unsaved for {@link #QUIET_MS}, so that a database of
 * which some connections work does not begin and end one with each success. One that begins within {@link #AGAIN_MS} after
 * another needs {@link #AGAIN_MS} of quiet, too. So there are six lines a minute at most. Thread-safe.
 */
final class OutageLog {
    static final long QUIET_MS = 10_000;
    static final long AGAIN_MS = 60_000;
    static final long SUMMARY_MS = 60_000;

    private static final Logger LOG = LoggerFactory.getLogger(OutageLog.class);
    /** Rooms whose names are kept to count them. */
    private static final int COUNTED = 100_000;

    private final LongSupplier clock;
    private final long quietMillis;
    private final long againMillis;
    private final Set<String> affected = new HashSet<>();
    /** Read without the lock by each tick of a node that is well. */
    private volatile boolean isOn;

    private long began;
    private long lastTrouble;
    private long lastSummary;
    private long failures;
    private long savedLate;
    private long needed;
    private String lastFailure = "";
    private @Nullable Long lastEnd;

    /** @param clock milliseconds of a steady clock */
    OutageLog(LongSupplier clock) {
        this(clock, QUIET_MS, AGAIN_MS);
    }

    /** A test switches the waiting off. */
    OutageLog(LongSupplier clock, long quietMillis, long againMillis) {
        this.clock = clock;
        this.quietMillis = quietMillis;
        this.againMillis = againMillis;
    }

    /** An attempt to save or load a room has failed; it will be made again. */
    void failed(String room, String what, @Nullable Throwable error) {
        LOG.debug("Room {} {}", room, what, error);
        String why = String.valueOf(error).lines().findFirst().orElse("");
        trouble(room, what + " (" + why + ")", true);
    }

    /** A room goes on unsaved, since its updates were not saved in time. */
    void unsaved(String room) {
        LOG.debug("Room {} goes on unsaved", room);
        trouble(room, "could not save an update in time", false);
    }

    private synchronized void trouble(String room, String what, boolean isFailure) {
        long now = clock.getAsLong();
        if (!isOn) {
            isOn = true;
            began = now;
            lastSummary = now;
            needed = lastEnd != null && now - lastEnd < againMillis ? againMillis : quietMillis;
            failures = 0;
            savedLate = 0;
            LOG.warn(
                    "Room {} {}. This and what follows for other rooms is summed up each minute until it ends: clients of"
                            + " open rooms go on, nothing is called saved, and each room tries again. Is the database up,"
                            + " and its disk not full?",
                    room,
                    what);
        }
        lastTrouble = now;
        lastFailure = "room " + room + " " + what;
        failures += isFailure ? 1 : 0;
        if (affected.size() < COUNTED) {
            affected.add(room);
        }
    }

    /** A room that went on unsaved has saved updates. */
    synchronized void saved(String room, int updates) {
        LOG.debug("Room {} is saved again", room);
        savedLate += updates;
        lastTrouble = clock.getAsLong();
    }

    /** Whether there is an outage, or one has ended so lately that it is not told yet. */
    boolean isOn() {
        return isOn;
    }

    /**
     * Sums up what lasts, and tells what has ended. To be called about once a second.
     *
     * @param unsavedRooms rooms that go on unsaved now
     * @param oldestMillis how long the oldest update that is not saved has been waiting
     */
    synchronized void tick(int unsavedRooms, long oldestMillis) {
        if (!isOn) {
            return;
        }
        long now = clock.getAsLong();
        if (unsavedRooms == 0 && now - lastTrouble >= needed) {
            isOn = false;
            lastEnd = now;
            LOG.info(
                    "The rooms are saved and loaded again. That failed or was late for {} s: {} rooms, {} failed attempts,"
                            + " {} updates that were saved late",
                    (lastTrouble - began + 999) / 1_000,
                    affected.size(),
                    failures,
                    savedLate);
            affected.clear();
        } else if (now - lastSummary >= SUMMARY_MS) {
            lastSummary = now;
            LOG.warn(
                    "For {} s rooms have not been saved or loaded as they should: {} of them go on unsaved, the oldest"
                            + " update waits for {} s; {} rooms in all, {} failed attempts. The last: {}",
                    (now - began) / 1_000,
                    unsavedRooms,
                    oldestMillis / 1_000,
                    affected.size(),
                    failures,
                    lastFailure);
        }
    }
}
