package io.keck.room;

import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;

/**
 * Follows the position of a room's replica in the log, and so the commits of all nodes. Called in turns of the room, so
 * implementations must be fast and read rows from the log elsewhere.
 */
public interface Watcher {
    /**
     * The replica equals the log up to a row. Also called once at the beginning, and possibly again with the same row.
     */
    void risen(long roomId, long seq);

    /**
     * The application of a client, on whichever node, has a message for back ends.
     *
     * @param principal the id of the principal of the connection
     */
    default void clientMessage(String principal, String text) {}

    /** The log has lost rows that were reported; knowledge about earlier rows must be discarded. */
    void wentBack();

    /**
     * The room has closed or could not be opened; this is the last call.
     *
     * @param why {@link RoomMissing} if there is no such room (any more), otherwise {@link Unavailable}
     */
    void ended(RuntimeException why);
}
