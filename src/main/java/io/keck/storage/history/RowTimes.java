package io.keck.storage.history;

import io.keck.history.HistoryReader.Range;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Finds rows by time. The times of rows ascend, because all nodes use one clock, so binary search finds a row with a
 * few queries by primary key, however long the log is. Stateless.
 */
final class RowTimes {
    private RowTimes() {}

    /** Returns the last row that was written at or before a time, which must not lie before the range. */
    static long seqAt(Handle h, StoredObject.Reading reading, long roomId, Range range, long millis) {
        Long inSegment = ofSegment(h, reading, roomId, range.first(), millis);
        if (inSegment != null) {
            return Math.max(inSegment, range.first());
        }
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

    /** Returns that row if the row after it is in a segment; null if the log must be searched. */
    private static @Nullable Long ofSegment(
            Handle h, StoredObject.Reading reading, long roomId, long first, long millis) {
        Segments.Segment segment = Segments.at(h, roomId, millis).orElse(null);
        if (segment == null) {
            return Segments.with(h, roomId, first + 1).isPresent() ? (Long) first : null;
        }
        if (segment.lastAt() > millis) {
            byte[] packed = reading.packed(h, roomId, segment.object(), segment.first(), segment.last());
            long found = segment.first();
            for (SegmentCodec.Row row : SegmentCodec.decode(Packed.unpack(packed), 0, Long.MAX_VALUE, Long.MAX_VALUE)) {
                found = row.at() <= millis ? row.seq() : found;
            }
            return found;
        }
        return Segments.with(h, roomId, segment.last() + 1).isPresent() ? (Long) segment.last() : null;
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
