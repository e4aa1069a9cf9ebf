package io.keck.storage.history;

import io.keck.failure.RoomDamaged;
import io.keck.room.Link;
import io.keck.room.UpdateLog.Damage;
import io.keck.storage.history.SegmentCodec.Row;
import io.keck.storage.rows.FoldedAuthors.Stored;
import io.keck.storage.rows.RowCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Reads rows with the ids of their authors, from segments and from the log. Stateless. */
final class KeptRows {
    private static final int MAX_ROWS = 20_000;

    /** Sizes are summed before payloads are fetched, so that a room with large rows stays within the limit of heap. */
    private static final String LOG = """
            SELECT seq, link, batch_id, payload, checksum, before_link, author, origin, created_at FROM (
              SELECT few.*, sum(bytes) OVER (ORDER BY seq) - bytes AS bytes_before FROM (
                SELECT seq, link, batch_id, payload, checksum, before_link, author, origin, created_at,
                  octet_length(payload) AS bytes
                FROM room_log WHERE room_id = :room AND seq > :after AND seq <= :upTo AND created_at <= :before
                ORDER BY seq LIMIT :n
              ) few
            ) sized WHERE bytes_before < :bytes ORDER BY seq""";

    /**
     * Rows without a gap.
     *
     * @param damage the damage of the row after these; null for none
     */
    record Rows(List<Row> rows, @Nullable Damage damage) {}

    private KeptRows() {}

    /**
     * Reads the rows of the log after {@code after} up to {@code upTo} and up to the first one written after {@code before}.
     */
    static Rows ofLog(Handle h, long roomId, long after, long upTo, long before, long maxBytes) {
        RowCheck check = new RowCheck(roomId, after, after == 0 ? Link.NONE : Link.UNKNOWN);
        List<Row> rows = new ArrayList<>();
        Damage[] damage = new Damage[1];
        boolean[] isOver = new boolean[1];
        h.createQuery(LOG)
                .bind("room", roomId)
                .bind("after", after)
                .bind("upTo", upTo)
                .bind("before", before)
                .bind("n", MAX_ROWS)
                .bind("bytes", maxBytes)
                .map((rs, ctx) -> {
                    long seq = rs.getLong(1);
                    byte[] payload = rs.getBytes(4);
                    if (isOver[0] || check.gap(seq) != null) {
                        isOver[0] = true; // a row that was written later, or a gap
                        return false;
                    }
                    damage[0] = check.row(
                            seq,
                            rs.getLong(2),
                            rs.getBytes(3),
                            payload,
                            RowCheck.number(rs, 5),
                            RowCheck.number(rs, 6));
                    isOver[0] = damage[0] != null;
                    long author = rs.getLong(7);
                    String origin = rs.getString(8);
                    return isOver[0]
                            || rows.add(new Row(
                                    seq,
                                    rs.getLong(9),
                                    author == 0 || origin == null ? null : new Stored(author, origin),
                                    payload));
                })
                .list();
        return new Rows(rows, damage[0]);
    }

    /** Reads the rows after {@code after} from the segment that holds the next row; empty if no segment does. */
    static Optional<List<Row>> ofSegment(
            Handle h, StoredObject.Reading reading, long roomId, long after, long upTo, long maxBytes) {
        Optional<Segments.Segment> segment = Segments.with(h, roomId, after + 1);
        while (segment.isPresent()) {
            Segments.Segment found = segment.get();
            try {
                byte[] packed = reading.packed(h, roomId, found.object(), found.first(), found.last());
                return Optional.of(SegmentCodec.decode(Packed.unpack(packed), after, upTo, maxBytes));
            } catch (RoomDamaged e) {
                segment = Segments.with(h, roomId, after + 1);
                if (segment.equals(Optional.of(found))) { // the segment was not merged meanwhile
                    throw e;
                }
            }
        }
        return Optional.empty();
    }

    /** Reads rows from a segment or from the log: at least one if there is one. */
    static Rows of(Handle h, StoredObject.Reading reading, long roomId, long after, long upTo, long maxBytes) {
        Optional<List<Row>> moved = ofSegment(h, reading, roomId, after, upTo, maxBytes);
        if (moved.isPresent()) {
            return new Rows(moved.get(), null);
        }
        Rows rows = ofLog(h, roomId, after, upTo, Long.MAX_VALUE, maxBytes);
        if (!rows.rows().isEmpty() || rows.damage() != null) {
            return rows;
        }
        // the row may have been moved between the two statements
        return new Rows(ofSegment(h, reading, roomId, after, upTo, maxBytes).orElse(List.of()), null);
    }
}
