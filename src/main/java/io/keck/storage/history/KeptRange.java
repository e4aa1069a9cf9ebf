package io.keck.storage.history;

import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.history.HistoryReader.Range;
import org.jdbi.v3.core.Handle;

/**
 * Finds the part of a room's history that is known. A room without segments is known from its first row on if that is
 * still in the log, and from its snapshot on otherwise. Stateless.
 */
final class KeptRange {
    private static final String SQL = """
            SELECT r.head, r.created_at, r.deleted_at, k.first_seq, k.first_at, s.seq, s.created_at,
              (SELECT l.created_at FROM room_log l WHERE l.room_id = r.id AND l.seq = r.head),
              (SELECT min(l.seq) FROM room_log l WHERE l.room_id = r.id),
              (SELECT l.created_at FROM room_log l WHERE l.room_id = r.id AND l.seq = s.seq),
              (SELECT max(g.last_at) FROM history_segments g WHERE g.room_id = r.id AND g.last_seq = r.head)
            FROM rooms r
            LEFT JOIN history_rooms k ON k.room_id = r.id
            LEFT JOIN room_snapshots s ON s.room_id = r.id AND s.state IS NOT NULL
            WHERE r.id = :room""";

    private KeptRange() {}

    /**
     * Reads the range.
     *
     * @throws RoomGone if the room was deleted
     * @throws RoomLost if there is none with that id
     */
    static Range of(Handle h, long roomId) {
        return h.createQuery(SQL)
                .bind("room", roomId)
                .map((rs, ctx) -> {
                    long head = rs.getLong(1);
                    long createdAt = rs.getLong(2);
                    if (rs.getLong(3) != 0) {
                        throw new RoomGone(roomId);
                    }
                    long first = rs.getLong(4);
                    boolean isKept = !rs.wasNull();
                    long firstAt = rs.getLong(5);
                    long snapshot = rs.getLong(6);
                    long foldedAt = rs.getLong(7);
                    long headAt = rs.getLong(8);
                    if (headAt == 0) {
                        headAt = rs.getLong(11) == 0 ? Math.max(createdAt, foldedAt) : rs.getLong(11);
                    }
                    boolean isWhole = snapshot == 0 || rs.getLong(9) == 1;
                    if (!isKept) {
                        first = isWhole ? 0 : snapshot;
                        firstAt = isWhole ? createdAt : rs.getLong(10) == 0 ? foldedAt : rs.getLong(10);
                    }
                    return new Range(first, firstAt, head, headAt);
                })
                .findOne()
                .orElseThrow(() -> new RoomLost(roomId));
    }
}
