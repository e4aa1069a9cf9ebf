package io.keck.storage.history;

import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;

/** The table of segments, {@code history_segments}. Stateless. */
final class Segments {
    /**
     * A segment: consecutive rows in one object.
     *
     * @param first the seq of its first row
     * @param last the seq of its last row
     * @param firstAt the time at which the first row was written, in milliseconds since 1970
     * @param lastAt the time at which the last row was written, in milliseconds since 1970
     * @param rows the number of rows
     * @param payload the bytes of the updates of its rows
     */
    record Segment(long first, long last, long firstAt, long lastAt, long rows, long payload, StoredObject object) {}

    private static final String COLUMNS =
            "first_seq, last_seq, first_at, last_at, row_count, payload_bytes, store, object, stored_bytes, checksum";

    private static final RowMapper<Segment> SEGMENT = (rs, ctx) -> new Segment(
            rs.getLong(1),
            rs.getLong(2),
            rs.getLong(3),
            rs.getLong(4),
            rs.getLong(5),
            rs.getLong(6),
            new StoredObject(rs.getString(7), rs.getLong(8), rs.getLong(9), rs.getLong(10)));

    private static final String INSERT = "INSERT INTO history_segments (room_id, " + COLUMNS + """
            ) VALUES (:room, :first, :last, :firstAt, :lastAt, :rows, :payload, :store, :object, :bytes, :checksum)""";

    private Segments() {}

    /** The segment that holds a row. */
    static Optional<Segment> with(Handle h, long roomId, long seq) {
        return h.createQuery("SELECT " + COLUMNS
                        + " FROM history_segments WHERE room_id = :room AND first_seq <= :seq"
                        + " ORDER BY first_seq DESC LIMIT 1")
                .bind("room", roomId)
                .bind("seq", seq)
                .map(SEGMENT)
                .findOne()
                .filter(segment -> segment.last() >= seq);
    }

    /** The newest segment whose first row was written at or before a time. */
    static Optional<Segment> at(Handle h, long roomId, long millis) {
        return h.createQuery("SELECT " + COLUMNS
                        + " FROM history_segments WHERE room_id = :room AND first_at <= :at"
                        + " ORDER BY first_seq DESC LIMIT 1")
                .bind("room", roomId)
                .bind("at", millis)
                .map(SEGMENT)
                .findOne();
    }

    /** The segments after a row, oldest first. */
    static List<Segment> after(Handle h, long roomId, long seq, int most) {
        return h.createQuery(
                        "SELECT " + COLUMNS
                                + " FROM history_segments WHERE room_id = :room AND first_seq > :seq ORDER BY first_seq LIMIT :n")
                .bind("room", roomId)
                .bind("seq", seq)
                .bind("n", most)
                .map(SEGMENT)
                .list();
    }

    static void insert(Handle h, long roomId, Segment segment) {
        h.createUpdate(INSERT)
                .bind("room", roomId)
                .bind("first", segment.first())
                .bind("last", segment.last())
                .bind("firstAt", segment.firstAt())
                .bind("lastAt", segment.lastAt())
                .bind("rows", segment.rows())
                .bind("payload", segment.payload())
                .bind("store", segment.object().store())
                .bind("object", segment.object().id())
                .bind("bytes", segment.object().bytes())
                .bind("checksum", segment.object().checksum())
                .execute();
    }

    /** The number of segments whose first rows are in a range. */
    static int count(Handle h, long roomId, long from, long to) {
        return h.createQuery("SELECT count(*) FROM history_segments"
                        + " WHERE room_id = :room AND first_seq >= :from AND first_seq <= :to")
                .bind("room", roomId)
                .bind("from", from)
                .bind("to", to)
                .mapTo(Integer.class)
                .one();
    }

    /** Deletes the segments in a range of first rows; returns their number. */
    static int delete(Handle h, long roomId, long from, long to) {
        return h.createUpdate(
                        "DELETE FROM history_segments WHERE room_id = :room AND first_seq >= :from AND first_seq <= :to")
                .bind("room", roomId)
                .bind("from", from)
                .bind("to", to)
                .execute();
    }
}
