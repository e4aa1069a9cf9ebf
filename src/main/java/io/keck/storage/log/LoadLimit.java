package io.keck.storage.log;

import io.keck.failure.TooLargeHere;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.rows.ContentsReader;
import org.jdbi.v3.core.Handle;

/**
 * Reads whole rooms, and refuses those of which more is stored than this node can load before anything of them is read.
 * Thread-safe.
 */
final class LoadLimit {
    private static final String STORED_BYTES = """
            SELECT COALESCE((SELECT length(state) FROM room_snapshots WHERE room_id = :room), 0)
              + COALESCE((SELECT sum(length(payload)) FROM room_log
                          WHERE room_id = :room
                            AND seq > COALESCE((SELECT seq FROM room_snapshots
                                                WHERE room_id = :room AND state IS NOT NULL), 0)), 0)""";

    /** A loaded room takes a multiple of its stored bytes, and the stored form as well while it is loaded. */
    private volatile long maxBytes = Runtime.getRuntime().maxMemory() / 6;

    /** Sets the stored bytes above which a room is refused. The default is a sixth of the heap. */
    void set(long bytes) {
        maxBytes = bytes;
    }

    /**
     * Reads a room from its beginning.
     *
     * @throws TooLargeHere if more is stored of it than this node can load
     */
    Contents read(Handle h, long roomId) {
        long bytes = h.createQuery(STORED_BYTES)
                .bind("room", roomId)
                .mapTo(Long.class)
                .one();
        long limit = maxBytes;
        if (bytes > limit) {
            throw new TooLargeHere(roomId, bytes, limit);
        }
        return ContentsReader.read(h, roomId, 0);
    }
}
