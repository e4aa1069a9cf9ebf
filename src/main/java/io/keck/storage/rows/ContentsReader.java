package io.keck.storage.rows;

import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.room.Link;
import io.keck.room.UpdateLog.Contents;
import io.keck.room.UpdateLog.Damage;
import io.keck.room.UpdateLog.Head;
import io.keck.room.UpdateLog.Row;
import io.keck.storage.database.UnreadableData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a room after a seq in one statement, which both databases answer consistently without a transaction: the head,
 * the link of the row read from, and either all rows after it or, if some of them were purged, the snapshot and the
 * rows after that. The rows end before the first damaged one ({@link RowCheck}). Used once.
 */
public final class ContentsReader {
    private static final int HEAD = 0;
    private static final int DELETED = 1;
    private static final int ANCHOR = 2;
    private static final int SNAPSHOT = 3;
    private static final int ROW = 4;

    /**
     * Parameters {@code room} and {@code seq}; columns kind, seq, link, bytes, batch id, checksum, link of the row
     * before; ordered by kind and seq.
     */
    static final String SQL = """
            WITH room AS (
              SELECT head, head_link, deleted_at, unmade FROM rooms WHERE id = :room
            ), base AS (
              SELECT seq, link, state, CASE WHEN checksum_seq = seq THEN checksum END AS checksum
              FROM room_snapshots
              WHERE room_id = :room AND state IS NOT NULL AND seq > :seq
                AND (:seq = 0 OR (SELECT count(*) FROM room_log WHERE room_id = :room AND seq > :seq)
                                 < (SELECT head FROM room) - :seq)
            )
            SELECT 4 AS kind, seq, link, payload AS bytes, batch_id, checksum, before_link FROM room_log
            WHERE room_id = :room AND seq > :seq AND seq > COALESCE((SELECT seq FROM base), 0)
            UNION ALL
            SELECT CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END, head, head_link, NULL, NULL, NULL, unmade FROM room
            UNION ALL
            SELECT 2, seq, link, NULL, NULL, NULL, NULL FROM room_log WHERE room_id = :room AND seq = :seq
            UNION ALL
            SELECT 2, seq, link, NULL, NULL, NULL, NULL FROM room_snapshots
            WHERE room_id = :room AND seq = :seq AND link > 0
            UNION ALL
            SELECT 3, seq, link, state, NULL, checksum, NULL FROM base
            ORDER BY kind, seq""";

    /** The statement without the snapshot. */
    static final String ROWS_ONLY = SQL.replace("state IS NOT NULL AND", "1 = 0 AND");

    private final long roomId;
    private final RowCheck check;
    private @Nullable Head head;
    private boolean isMade = true;
    private long anchor = Link.UNKNOWN;
    private long snapshotSeq;
    private byte @Nullable [] snapshot;
    private boolean isSnapshotDamaged;
    private final List<Row> rows = new ArrayList<>();
    private @Nullable Damage damage;

    private ContentsReader(long roomId, long seq) {
        this.roomId = roomId;
        this.check = new RowCheck(roomId, seq, seq == 0 ? Link.NONE : Link.UNKNOWN);
    }

    /**
     * Reads a room after a seq.
     *
     * @throws RoomGone if the room was deleted
     * @throws RoomLost if there is no such room
     */
    public static Contents read(Handle h, long roomId, long seq) {
        ContentsReader reader;
        try {
            reader = read(h, SQL, roomId, seq);
        } catch (JdbiException e) {
            if (!UnreadableData.is(e)) {
                throw e;
            }
            return readCautiously(h, roomId, seq);
        }
        if (!reader.isSnapshotDamaged) {
            return reader.contents();
        }
        // all rows may still exist
        Damage damage = reader.damage;
        ContentsReader rowsOnly = read(h, ROWS_ONLY, roomId, seq);
        rowsOnly.damage = damage;
        return rowsOnly.contents();
    }

    /** Reads row by row, as far as the database can read them. */
    private static Contents readCautiously(Handle h, long roomId, long seq) {
        RoomScan.Base base = RoomScan.base(h, roomId, true).orElseThrow(() -> new RoomGone(roomId));
        ContentsReader reader = new ContentsReader(roomId, seq);
        reader.head = base.head();
        byte[] state = base.state();
        Damage ofSnapshot = null;
        if (state != null && base.seq() > seq) {
            ofSnapshot = RowCheck.snapshot(roomId, base.seq(), base.link(), state, base.checksum());
            if (ofSnapshot == null) {
                reader.snapshot = state;
                reader.snapshotSeq = base.seq();
                reader.check.after(base.seq(), base.link());
            }
        } else if (base.failure() != null) {
            ofSnapshot = new Damage(base.seq(), "the snapshot at " + base.seq() + " cannot be read: " + base.failure());
        }
        try {
            new RowPages(h, roomId, true).each(reader.check.last(), base.head().seq(), row -> {
                reader.readRow(row);
                return reader.damage == null;
            });
        } catch (JdbiException e) {
            if (!UnreadableData.is(e)) {
                throw e;
            }
            long next = reader.check.last() + 1;
            reader.damage =
                    new Damage(next, "row " + next + ", or one after it, cannot be read: " + UnreadableData.message(e));
        }
        if (reader.damage == null) {
            reader.damage = reader.check.end(base.head());
        }
        if (ofSnapshot != null) {
            reader.damage = ofSnapshot;
        }
        return reader.contents();
    }

    private void readRow(RowPages.Stored row) {
        byte[] batchId = row.batchId();
        byte[] payload = row.payload();
        damage = row.failure() != null
                ? new Damage(row.seq(), "row " + row.seq() + " cannot be read: " + row.failure())
                : check.row(row.seq(), row.link(), batchId, payload, row.checksum(), row.before());
        if (damage == null && batchId != null && payload != null) {
            rows.add(new Row(row.seq(), BatchIds.fromBytes(batchId), row.link(), payload));
        }
    }

    private static ContentsReader read(Handle h, String sql, long roomId, long seq) {
        ContentsReader reader = new ContentsReader(roomId, seq);
        return h.createQuery(sql).bind("room", roomId).bind("seq", seq).scanResultSet((results, ctx) -> {
            reader.read(results.get());
            return reader;
        });
    }

    private void read(ResultSet rs) throws SQLException {
        while (rs.next()) {
            long seq = rs.getLong(2);
            long link = rs.getLong(3);
            switch (rs.getInt(1)) {
                case HEAD -> {
                    head = new Head(seq, link, false);
                    isMade = seq > 0 || rs.getLong(7) == 0;
                }
                case DELETED -> throw new RoomGone(roomId);
                case ANCHOR -> {
                    anchor = link;
                    if (seq > 0) { // there is no row before the first
                        check.after(seq, link);
                    }
                }
                case SNAPSHOT -> readSnapshot(seq, link, rs);
                case ROW -> readRow(seq, link, rs);
                default -> throw new IllegalStateException("the query returned an unknown kind");
            }
        }
        if (head == null) {
            throw new RoomLost(roomId);
        }
        if (damage == null) {
            damage = check.end(head);
        }
    }

    private void readSnapshot(long seq, long link, ResultSet rs) throws SQLException {
        byte[] state = rs.getBytes(4);
        damage = RowCheck.snapshot(roomId, seq, link, state, RowCheck.number(rs, 6));
        if (damage == null) {
            snapshotSeq = seq;
            snapshot = state;
            check.after(seq, link);
        } else {
            isSnapshotDamaged = true;
        }
    }

    private void readRow(long seq, long link, ResultSet rs) throws SQLException {
        if (damage != null) {
            return;
        }
        byte[] batchId = rs.getBytes(5);
        byte[] payload = rs.getBytes(4);
        damage = check.row(seq, link, batchId, payload, RowCheck.number(rs, 6), RowCheck.number(rs, 7));
        if (damage == null) {
            rows.add(new Row(seq, BatchIds.fromBytes(batchId), link, payload));
        }
    }

    private Contents contents() {
        if (head == null) {
            throw new RoomLost(roomId);
        }
        Contents contents = new Contents(roomId, head, anchor, snapshotSeq, snapshot, rows, damage);
        return isMade ? contents : contents.unmade();
    }
}
