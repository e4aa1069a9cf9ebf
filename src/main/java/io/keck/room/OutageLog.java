package io.keck.room;

import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs outages, in which rooms cannot be saved or loaded, for all rooms of a node together: one line when an outage
 * begins, one per minute while it lasts, one when it has ended. Otherwise a thousand rooms that retry twice a second
 * could fill the disk, which may be the cause of the outage. Each failure of each room is logged at DEBUG.
 *
 * <p>An outage ends when no attempt has failed and no room has been in unsaved mode for {@link #QUIET_MS}, so that a
 * database with some working connections does not begin and end an outage with each success. An outage that begins
 * within {@link #AGAIN_MS} after another one ends only after {@link #AGAIN_MS} of quiet. So at most six lines per
 * minute are logged. Thread-safe.
 */
final class OutageLog {
    static final long QUIET_MS = 10_000;
    static final long AGAIN_MS = 60_000;
    static final long SUMMARY_MS = 60_000;

    private static final Logger LOG = LoggerFactory.getLogger(OutageLog.class);
    /** The largest number of room names kept for counting. */
    private static final int COUNTED = 100_000;

    private final LongSupplier clock;
    private final long quietMillis;
    private final long againMillis;
    private final Set<String> affected = new HashSet<>();
    /** Read without the lock by each tick while there is no outage. */
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

    /** Used by a test that switches the quiet periods off. */
    OutageLog(LongSupplier clock, long quietMillis, long againMillis) {
        this.clock = clock;
        this.quietMillis = quietMillis;
        this.againMillis = againMillis;
    }

    /** Records a failed attempt to save or load a room, which will be repeated. */
    void failed(String room, String what, @Nullable Throwable error) {
        LOG.debug("Room {} {}", room, what, error);
        String why = String.valueOf(error).lines().findFirst().orElse("");
        trouble(room, what + " (" + why + ")", true);
    }

    /** Records that a room entered unsaved mode because its updates were not saved in time. */
    void unsaved(String room) {
        LOG.debug("Room {} enters unsaved mode", room);
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
                    "Room {} {}. Failures of all rooms are summed up once a minute until the outage ends. Clients"
                            + " of open rooms can continue, nothing is reported as saved, and each room retries. Is"
                            + " the database up, and is there free space on its disk?",
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

    /** Records that a room in unsaved mode has saved updates. */
    synchronized void saved(String room, int updates) {
        LOG.debug("Room {} leaves unsaved mode", room);
        savedLate += updates;
        lastTrouble = clock.getAsLong();
    }

    /** Whether there is an outage whose end was not logged yet. */
    boolean isOn() {
        return isOn;
    }

    /**
     * Logs the summary of an outage that lasts, or the end of one. Must be called about once a second.
     *
     * @param unsavedRooms the number of rooms in unsaved mode
     * @param oldestMillis the age of the oldest unsaved update in milliseconds
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
                    "Rooms are saved and loaded again after an outage of {} s: {} rooms, {} failed attempts, {}"
                            + " updates saved late",
                    (lastTrouble - began + 999) / 1_000,
                    affected.size(),
                    failures,
                    savedLate);
            affected.clear();
        } else if (now - lastSummary >= SUMMARY_MS) {
            lastSummary = now;
            LOG.warn(
                    "Saving or loading rooms has failed for {} s: {} rooms in unsaved mode, oldest unsaved update"
                            + " {} s; {} rooms affected, {} failed attempts. Last failure: {}",
                    (now - began) / 1_000,
                    unsavedRooms,
                    oldestMillis / 1_000,
                    affected.size(),
                    failures,
                    lastFailure);
        }
    }
}
