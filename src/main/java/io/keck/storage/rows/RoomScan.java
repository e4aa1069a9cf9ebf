package io.keck.storage.rows;

import io.keck.room.Link;
import io.keck.room.UpdateLog.Damage;
import io.keck.room.UpdateLog.Head;
import io.keck.storage.database.UnreadableData;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Examines the stored data of one room with one page of rows in memory at a time. Rows that the snapshot covers may be
 * missing, because they are purged one by one; later rows may not.
 */
public final class RoomScan {
    /**
     * One damaged item.
     *
     * @param kind row, snapshot or head
     */
    public record Problem(String kind, Damage damage) {}

    /**
     * A room and its snapshot at one moment.
     *
     * @param state null if there is no snapshot
     * @param newest the seq of the last row, or 0
     * @param failure the reason why the database cannot read the state, or null
     */
    public record Base(
            Head head,
            long seq,
            long link,
            byte @Nullable [] state,
            @Nullable Long checksum,
            long newest,
            @Nullable String failure) {}

    /** Receives undamaged data. */
    public interface Listener {
        /** Called with the undamaged snapshot. */
        default void snapshot(byte[] state) {}

        /** Called with a row whose content is undamaged, regardless of earlier rows. */
        default void row(RowPages.Stored row) {}

        /** Called after a row was examined. */
        default void looked(int bytes) {}
    }

    private final Handle h;
    private final long roomId;
    private final boolean hasChecksums;
    private final Listener listener;
    private final List<Problem> problems = new ArrayList<>();

    public RoomScan(Handle h, long roomId, boolean hasChecksums, Listener listener) {
        this.h = h;
        this.roomId = roomId;
        this.hasChecksums = hasChecksums;
        this.listener = listener;
    }

    /** Reads the room as it is now; empty if it does not exist or was deleted. */
    public static Optional<Base> base(Handle h, long roomId, boolean hasChecksums) {
        try {
            return base(
                    h,
                    roomId,
                    hasChecksums ? "s.state, CASE WHEN s.checksum_seq = s.seq THEN s.checksum END" : "s.state, NULL",
                    null);
        } catch (JdbiException e) {
            if (!UnreadableData.is(e)) {
                throw e;
            }
            return base(h, roomId, "NULL, NULL", UnreadableData.message(e));
        }
    }

    /** As {@link #base}, without the state of the snapshot. */
    public static Optional<Base> position(Handle h, long roomId) {
        return base(h, roomId, "NULL, NULL", null);
    }

    private static Optional<Base> base(Handle h, long roomId, String columns, @Nullable String failure) {
        return h.createQuery("""
                SELECT r.head, r.head_link, s.seq, s.link, %s,
                  (SELECT max(l.seq) FROM room_log l WHERE l.room_id = r.id)
                FROM rooms r LEFT JOIN room_snapshots s ON s.room_id = r.id AND s.state IS NOT NULL
                WHERE r.id = :room AND r.deleted_at IS NULL""".formatted(columns))
                .bind("room", roomId)
                .map((rs, ctx) -> new Base(
                        new Head(rs.getLong(1), rs.getLong(2), false),
                        rs.getLong(3),
                        rs.getLong(4),
                        rs.getBytes(5),
                        RowCheck.number(rs, 6),
                        rs.getLong(7),
                        failure))
                .findOne();
    }

    /** Scans the room and returns all its damage. */
    public List<Problem> run(Base base) {
        boolean snapshotIsGood = false;
        byte[] state = base.state();
        if (state != null) {
            Damage damage = RowCheck.snapshot(roomId, base.seq(), base.link(), state, base.checksum());
            if (damage == null && base.checksum() != null) {
                String why = RowCheck.decodes(state);
                damage = why == null
                        ? null
                        : new Damage(base.seq(), "the snapshot at " + base.seq() + " is not a valid update: " + why);
            }
            listener.looked(state.length);
            snapshotIsGood = damage == null;
            if (damage == null) {
                listener.snapshot(state);
            } else {
                problems.add(new Problem("snapshot", damage));
            }
        }
        if (base.failure() != null) {
            problems.add(new Problem(
                    "snapshot",
                    new Damage(base.seq(), "the snapshot at " + base.seq() + " cannot be read: " + base.failure())));
        }
        RowCheck check = new RowCheck(roomId, 0, Link.NONE);
        try {
            new RowPages(h, roomId, hasChecksums).each(0, Math.max(base.head().seq(), base.newest()), row -> {
                look(base, check, row);
                return true;
            });
        } catch (JdbiException e) {
            if (!UnreadableData.is(e)) {
                throw e;
            }
            long next = check.last() + 1;
            problems.add(new Problem(
                    "row",
                    new Damage(
                            next, "row " + next + ", or one after it, cannot be read: " + UnreadableData.message(e))));
            return problems;
        }
        if (base.newest() <= base.seq()) {
            check.after(base.seq(), snapshotIsGood && Link.isOfRow(base.link()) ? base.link() : Link.UNKNOWN);
        }
        Damage end = check.end(base.head());
        if (end != null) {
            problems.add(new Problem("head", end));
        }
        return problems;
    }

    private void look(Base base, RowCheck check, RowPages.Stored row) {
        long seq = row.seq();
        if (seq != check.last() + 1 && check.last() < base.seq()) {
            // folded rows are purged one by one, and only those before the snapshot
            check.after(
                    Math.min(seq - 1, base.seq()),
                    seq == base.seq() + 1 && Link.isOfRow(base.link()) ? base.link() : Link.UNKNOWN);
        }
        Damage gap = check.gap(seq);
        if (gap != null) {
            problems.add(new Problem("row", gap));
            check.after(seq - 1, Link.UNKNOWN);
        }
        byte[] payload = row.payload();
        listener.looked(payload == null ? 0 : payload.length);
        Damage damage = row.failure() != null
                ? new Damage(seq, "row " + seq + " cannot be read: " + row.failure())
                : check.content(seq, row.link(), row.batchId(), payload, row.checksum());
        if (damage == null && row.checksum() != null && payload != null) {
            String why = RowCheck.decodes(payload);
            damage = why == null ? null : new Damage(seq, "row " + seq + " is not a valid update: " + why);
        }
        if (damage == null) {
            listener.row(row);
            damage = check.row(seq, row.link(), row.batchId(), payload, row.checksum(), row.before());
        } else {
            check.after(seq, Link.UNKNOWN);
        }
        if (damage != null) {
            problems.add(new Problem("row", damage));
        }
    }
}
