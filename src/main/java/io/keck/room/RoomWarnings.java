package io.keck.room;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The warnings that clients can cause in any number of rooms. Each kind is logged at once, and then at most once a
 * minute for the whole node. Thread-safe.
 *
 * @param nearLimit a document has reached 80 % of a limit
 * @param atLimit an update was refused because its document has reached a limit
 * @param tooLarge a room was not loaded because its stored data is larger than the node can load
 */
record RoomWarnings(RepeatedWarning nearLimit, RepeatedWarning atLimit, RepeatedWarning tooLarge) {
    private static final Logger LOG = LoggerFactory.getLogger(Room.class);

    /** @param clock milliseconds of a steady clock */
    static RoomWarnings of(LongSupplier clock) {
        return new RoomWarnings(
                new RepeatedWarning(LOG, clock), new RepeatedWarning(LOG, clock), new RepeatedWarning(LOG, clock));
    }
}
