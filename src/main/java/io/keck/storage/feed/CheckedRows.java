package io.keck.storage.feed;

import io.keck.access.Author;
import io.keck.feed.ChangeLog.Change;
import io.keck.room.Link;
import io.keck.room.UpdateLog.Damage;
import io.keck.storage.rows.RowCheck;
import io.keck.storage.rows.RowPages;
import io.keck.storage.rows.StoredAuthors;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a room after a given one, for readers that follow it: in order, each verified ({@link RowCheck}), up to
 * the first damaged or missing one. Used by one thread.
 */
final class CheckedRows {
    private final long after;
    private final RowCheck check;
    private final List<Change> changes = new ArrayList<>();
    private boolean hasGap;
    private @Nullable Damage damage;

    /** Expects the row after {@code after}. */
    CheckedRows(long roomId, long after) {
        this.after = after;
        this.check = new RowCheck(roomId, after, after == 0 ? Link.NONE : Link.UNKNOWN);
    }

    /**
     * Accepts the next row of a result, which has these columns from {@code column} on: seq, link, batch_id, checksum,
     * before_link, payload, principal, attributes, origin, created_at. The first row is the anchor, after which the
     * requested rows begin; it determines the link that the next row must name, and its payload is left out.
     */
    void row(ResultSet rs, int column) throws SQLException {
        long seq = rs.getLong(column);
        if (!isOver() && !anchor(seq, rs.getLong(column + 1))) {
            row(
                    seq,
                    rs.getLong(column + 1),
                    rs.getBytes(column + 2),
                    rs.getBytes(column + 5),
                    RowCheck.number(rs, column + 3),
                    RowCheck.number(rs, column + 4),
                    StoredAuthors.read(rs, column + 6),
                    rs.getLong(column + 9));
        }
    }

    /** Accepts the next stored row; returns false if further rows are useless. */
    boolean row(RowPages.Stored row) {
        if (isOver() || anchor(row.seq(), row.failure() == null ? row.link() : Link.UNKNOWN)) {
            return !isOver();
        }
        if (row.failure() == null) {
            // rows read beside an unreadable one: their authors are not queried
            row(row.seq(), row.link(), row.batchId(), row.payload(), row.checksum(), row.before(), null, 0);
        } else if (check.gap(row.seq()) != null) {
            hasGap = true;
        } else {
            unreadable(row.seq(), row.failure());
        }
        return !isOver();
    }

    /** Accepts the anchor; returns true if the row is not one of the requested rows. */
    boolean anchor(long seq, long link) {
        if (seq == after) {
            check.after(seq, link);
        }
        return seq <= after;
    }

    private void row(
            long seq,
            long link,
            byte @Nullable [] batchId,
            byte @Nullable [] payload,
            @Nullable Long checksum,
            @Nullable Long before,
            @Nullable Author author,
            long at) {
        if (check.gap(seq) != null) {
            hasGap = true;
            return;
        }
        damage = check.row(seq, link, batchId, payload, checksum, before);
        if (damage == null && payload != null) {
            changes.add(new Change(seq, payload, author, at));
        }
    }

    /** Records that the database cannot read the next row. */
    void unreadable(String message) {
        unreadable(last() + 1, message);
    }

    private void unreadable(long seq, String message) {
        damage = new Damage(seq, "row " + seq + " cannot be read: " + message);
    }

    /** Whether further rows are useless. */
    boolean isOver() {
        return hasGap || damage != null;
    }

    List<Change> changes() {
        return changes;
    }

    /** The seq of the last accepted row, or of the anchor if there is none. */
    long last() {
        return changes.isEmpty() ? after : changes.get(changes.size() - 1).seq();
    }

    /** The damage of the row after these; null if it is undamaged or missing. */
    @Nullable
    Damage damage() {
        return damage;
    }
}
