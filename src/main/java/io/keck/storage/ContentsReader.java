package io.keck.storage;

import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Contents;
import io.keck.room.UpdateLog.Head;
import io.keck.room.UpdateLog.RoomGoneException;
import io.keck.room.UpdateLog.RoomUnknownException;
import io.keck.room.UpdateLog.Row;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a room after a seq in one statement, which both databases answer from one moment without a transaction: head,
 * the link of the row read from, and either all rows after it or, where some of them are gone, the snapshot and the rows
 * after that.
 */
final class ContentsReader {
    private static final int HEAD = 0;
    private static final int DELETED = 1;
    private static final int ANCHOR = 2;
    private static final int SNAPSHOT = 3;
    private static final int ROW = 4;

    /** Parameters {@code room} and {@code seq}; columns kind, seq, link, bytes, batch id; ordered by kind and seq. */
    static final String SQL = """
            WITH room AS (
              SELECT head, head_link, deleted_at FROM rooms WHERE id = :room
            ), base AS (
              SELECT seq, link, state FROM room_snapshots
              WHERE room_id = :room AND state IS NOT NULL AND seq > :seq
                AND (:seq = 0 OR (SELECT count(*) FROM room_log WHERE room_id = :room AND seq > :seq)
                                 < (SELECT head FROM room) - :seq)
            )
            SELECT 4 AS kind, seq, link, payload AS bytes, batch_id FROM room_log
            WHERE room_id = :room AND seq > :seq AND seq > COALESCE((SELECT seq FROM base), 0)
            UNION ALL
            SELECT CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END, head, head_link, NULL, NULL FROM room
            UNION ALL
            SELECT 2, seq, link, NULL, NULL FROM room_log WHERE room_id = :room AND seq = :seq
            UNION ALL
            SELECT 2, seq, link, NULL, NULL FROM room_snapshots
            WHERE room_id = :room AND seq = :seq AND link > 0
            UNION ALL
            SELECT 3, seq, link, state, NULL FROM base
            ORDER BY kind, seq""";

    private ContentsReader() {}

    /**
     * The answer to {@link #SQL}.
     *
     * @throws RoomGoneException if the room was deleted
     * @throws RoomUnknownException if there is no such room
     */
    static Contents read(long roomId, ResultSet rs) throws SQLException {
        Head head = null;
        long anchor = UpdateLog.UNKNOWN_LINK;
        long snapshotSeq = 0;
        byte[] snapshot = null;
        List<Row> rows = new ArrayList<>();
        while (rs.next()) {
            long seq = rs.getLong(2);
            long link = rs.getLong(3);
            switch (rs.getInt(1)) {
                case HEAD -> head = new Head(seq, link, false);
                case DELETED -> throw new RoomGoneException(roomId);
                case ANCHOR -> anchor = link;
                case SNAPSHOT -> {
                    snapshotSeq = seq;
                    snapshot = rs.getBytes(4);
                }
                case ROW -> rows.add(new Row(seq, BatchIds.fromBytes(rs.getBytes(5)), link, rs.getBytes(4)));
                default -> throw new IllegalStateException("the query gave what it does not contain");
            }
        }
        if (head == null) {
            throw new RoomUnknownException(roomId);
        }
        return new Contents(roomId, head, anchor, snapshotSeq, snapshot, rows);
    }
}
