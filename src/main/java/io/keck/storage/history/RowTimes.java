package io.keck.storage.history;

import io.keck.history.HistoryReader.Range;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Finds rows by time. Rows are written in the order of the clock that all nodes share, so a row is found by halving: a
 * few looks by primary key, however long the log is. Stateless.
 */
final class RowTimes {
    private RowTimes() {}

    /** The last row of the log that was written at or before a time, which is not before the range. */
    static long seqAt(Handle h, long roomId, Range range, long millis) {
        long low = range.first();
        Long oldest = h.createQuery("SELECT min(seq) FROM room_log WHERE room_id = :room")
                .bind("room", roomId)
                .mapTo(Long.class)
                .findOne()
                .orElse(null);
        if (oldest == null) {
            return millis >= range.headAt() ? range.head() : low;
        }
        low = Math.max(low, oldest - 1);
        long high = range.head();
        while (low < high) {
            long middle = (low + high + 1) >>> 1;
            Long at = at(h, roomId, middle);
            if (at != null && at <= millis) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private static @Nullable Long at(Handle h, long roomId, long seq) {
        return h.createQuery("SELECT created_at FROM room_log WHERE room_id = :room AND seq = :seq")
                .bind("room", roomId)
                .bind("seq", seq)
                .mapTo(Long.class)
                .findOne()
                .orElse(null);
    }
}
