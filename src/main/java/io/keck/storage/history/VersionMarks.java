package io.keck.storage.history;

import io.keck.storage.history.VersionRule.Row;
import io.keck.storage.history.VersionRule.State;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/** The table {@code version_marks}: up to which row documents were looked at for automatic versions. Stateless. */
final class VersionMarks {
    /**
     * What is stored about a room.
     *
     * @param thinAt when its automatic versions are to be thinned out; 0 for never
     * @param head the newest row
     * @param oldest the oldest row in the log; 0 if there is none
     * @param newestVersion the newest row that has a version; 0 if there is none
     */
    record Found(State state, long thinAt, long head, boolean isDeleted, long oldest, long newestVersion) {}

    /** A room that already has an earlier time keeps it; this locks the row until the transaction ends. */
    private static final String NOTE = """
            INSERT INTO version_marks
              (room_id, read_seq, read_at, author, first_at, changed_bytes, made_at, thin_at, look_at)
            VALUES (:room, -1, 0, 0, 0, 0, 0, 0, :look)
            ON CONFLICT (room_id) DO UPDATE SET look_at = :look
            WHERE version_marks.look_at IS NULL OR version_marks.look_at > :look""";

    private static final String DUE =
            "SELECT room_id FROM version_marks WHERE look_at <= :now ORDER BY look_at LIMIT :n";

    private static final String CLAIM =
            "UPDATE version_marks SET look_at = :next WHERE room_id = :room AND look_at <= :now";

    private static final String FIND = """
            SELECT m.read_seq, m.read_at, m.author, m.first_at, m.changed_bytes, m.made_at, m.thin_at, r.head,
              r.deleted_at,
              (SELECT min(l.seq) FROM room_log l WHERE l.room_id = m.room_id),
              (SELECT max(v.seq) FROM document_versions v WHERE v.room_id = m.room_id)
            FROM version_marks m JOIN rooms r ON r.id = m.room_id WHERE m.room_id = :room""";

    private static final String ROWS = """
            SELECT l.seq, l.created_at, octet_length(l.payload), COALESCE(l.author, 0),
              CASE WHEN a.attributes LIKE '%"restoreOf":%' THEN 1 ELSE 0 END
            FROM room_log l LEFT JOIN authors a ON a.id = l.author
            WHERE l.room_id = :room AND l.seq > :after ORDER BY l.seq LIMIT :n""";

    private static final String ADVANCE = """
            UPDATE version_marks SET read_seq = :seq, read_at = :at, author = :author, first_at = :first,
              changed_bytes = :bytes, made_at = :made WHERE room_id = :room AND read_seq = :from""";

    private VersionMarks() {}

    /** Records that rooms have changed and are to be looked at by a time. */
    static void note(Handle h, Collection<Long> rooms, long lookAt) {
        PreparedBatch batch = h.prepareBatch(NOTE);
        // nodes lock rows in the same order, so they cannot block each other
        rooms.stream()
                .sorted()
                .forEach(room -> batch.bind("room", room).bind("look", lookAt).add());
        batch.execute();
    }

    static List<Long> due(Handle h, long now, int most) {
        return h.createQuery(DUE)
                .bind("now", now)
                .bind("n", most)
                .mapTo(Long.class)
                .list();
    }

    /** Takes a room that is due; returns false if another node has. Without a {@link #plan} it is due again. */
    static boolean claim(Handle h, long roomId, long now, long dueAgain) {
        return h.createUpdate(CLAIM)
                        .bind("room", roomId)
                        .bind("now", now)
                        .bind("next", dueAgain)
                        .execute()
                == 1;
    }

    static Optional<Found> find(Handle h, long roomId) {
        return h.createQuery(FIND)
                .bind("room", roomId)
                .map((rs, ctx) -> new Found(
                        new State(
                                rs.getLong(1),
                                rs.getLong(2),
                                rs.getLong(3),
                                rs.getLong(4),
                                rs.getLong(5),
                                rs.getLong(6)),
                        rs.getLong(7),
                        rs.getLong(8),
                        rs.getLong(9) != 0,
                        rs.getLong(10),
                        rs.getLong(11)))
                .findOne();
    }

    /** The rows in the log after a row, oldest first. */
    static List<Row> rows(Handle h, long roomId, long after, int most) {
        return h.createQuery(ROWS)
                .bind("room", roomId)
                .bind("after", after)
                .bind("n", most)
                .map((rs, ctx) ->
                        new Row(rs.getLong(1), rs.getLong(2), rs.getLong(3), rs.getLong(4), rs.getInt(5) == 1))
                .list();
    }

    /** Records what was read, and locks the row; returns false if another node has read further since. */
    static boolean advance(Handle h, long roomId, State from, State to) {
        return h.createUpdate(ADVANCE)
                        .bind("room", roomId)
                        .bind("from", from.seq())
                        .bind("seq", to.seq())
                        .bind("at", to.at())
                        .bind("author", to.author())
                        .bind("first", to.firstAt())
                        .bind("bytes", to.bytes())
                        .bind("made", to.madeAt())
                        .execute()
                == 1;
    }

    /** Sets when the room is looked at again, null for after the next change; its row must be locked. */
    static void plan(Handle h, long roomId, @Nullable Long lookAt, long thinAt) {
        h.createUpdate("UPDATE version_marks SET look_at = :look, thin_at = :thin WHERE room_id = :room")
                .bind("look", lookAt)
                .bind("thin", thinAt)
                .bind("room", roomId)
                .execute();
    }

    /** The newest row of a room; -1 if the room was deleted. */
    static long head(Handle h, long roomId) {
        return h.createQuery("SELECT head FROM rooms WHERE id = :room AND deleted_at IS NULL")
                .bind("room", roomId)
                .mapTo(Long.class)
                .findOne()
                .orElse(-1L);
    }
}
