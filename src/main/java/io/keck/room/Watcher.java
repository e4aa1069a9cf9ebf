package io.keck.room;

import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;

/**
 * Follows how far a room's replica is in the log, and so what is committed, on whichever node. Told in turns of the room,
 * so it must be quick; it reads what it wants to know from the log.
 */
public interface Watcher {
    /** The replica equals the log up to that row; also told once at the beginning, and again when nothing was added. */
    void risen(long roomId, long seq);

    /** The log has lost rows that were told of: whatever was known before is to be forgotten. */
    void wentBack();

    /**
     * The room is closed, or could not be opened; nothing more is told.
     *
     * @param why {@link RoomMissing} where there is no such room (any more), else {@link
     *     Unavailable}
     */
    void ended(RuntimeException why);
}
