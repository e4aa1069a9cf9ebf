package io.keck.storage.rows;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.room.Link;
import io.keck.room.UpdateLog.Damage;
import io.keck.room.UpdateLog.Head;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Verifies the stored rows of a room: rows have no gaps, each names the link of the previous row and matches its
 * checksum. A row or snapshot of a release that wrote no checksums is decoded instead. The check continues after a
 * damaged row, so that all damage is found. Used by one thread.
 */
public final class RowCheck {
    private static final int BATCH_ID = 16;

    private final long roomId;
    private final long asked;
    private long last;
    /** The link of row {@link #last}; {@link Link#UNKNOWN} if it is unreliable. */
    private long lastLink;

    /** Expects the row after {@code seq}. */
    public RowCheck(long roomId, long seq, long link) {
        this.roomId = roomId;
        this.asked = seq;
        this.last = seq;
        this.lastLink = link;
    }

    /** From now on expects the row after {@code seq}. */
    public void after(long seq, long link) {
        last = seq;
        lastLink = link;
    }

    /** The seq of the last row. */
    long last() {
        return last;
    }

    /** Reads a nullable number. */
    public static @Nullable Long number(ResultSet rs, int column) throws SQLException {
        long value = rs.getLong(column);
        return rs.wasNull() ? null : value;
    }

    /** Checks the next row and the gap before it; null if there is no damage. */
    public @Nullable Damage row(
            long seq,
            long link,
            byte @Nullable [] batchId,
            byte @Nullable [] payload,
            @Nullable Long checksum,
            @Nullable Long before) {
        Damage damage = gap(seq);
        if (damage == null && before != null && lastLink != Link.UNKNOWN && before != lastLink) {
            damage = new Damage(seq, "row " + seq + " does not follow row " + last + ": the links differ");
        }
        Damage own = content(seq, link, batchId, payload, checksum);
        last = seq;
        lastLink = own == null ? link : Link.UNKNOWN;
        return damage != null ? damage : own;
    }

    /** Reports the rows missing before a row; null if none is. */
    public @Nullable Damage gap(long seq) {
        return seq == last + 1 ? null : missing(last + 1, seq - 1);
    }

    private static Damage missing(long first, long last) {
        return new Damage(
                first,
                first == last ? "row " + first + " is missing" : "rows " + first + " to " + last + " are missing");
    }

    /** Checks a row by itself, without the previous row; null if it is undamaged. */
    public @Nullable Damage content(
            long seq, long link, byte @Nullable [] batchId, byte @Nullable [] payload, @Nullable Long checksum) {
        if (batchId == null || batchId.length != BATCH_ID || payload == null) {
            return new Damage(seq, "row " + seq + " is incomplete");
        }
        if (checksum != null) {
            return checksum == Checksum.ofRow(roomId, batchId, link, payload)
                    ? null
                    : new Damage(seq, "row " + seq + " does not match its checksum");
        }
        String problem = decodes(payload);
        return problem == null ? null : new Damage(seq, "row " + seq + " is not a valid update: " + problem);
    }

    /** Checks a snapshot; null if it is undamaged. */
    public static @Nullable Damage snapshot(long roomId, long seq, long link, byte[] state, @Nullable Long checksum) {
        if (checksum != null) {
            return checksum == Checksum.ofSnapshot(roomId, seq, link, state)
                    ? null
                    : new Damage(seq, "the snapshot at " + seq + " does not match its checksum");
        }
        String problem = decodes(state);
        return problem == null
                ? null
                : new Damage(seq, "the snapshot at " + seq + " is not a valid update:" + " " + problem);
    }

    /** The reason why bytes cannot be decoded, or null. */
    static @Nullable String decodes(byte[] update) {
        try {
            Update.decode(update, DecodeLimits.OWN);
            return null;
        } catch (DecodeException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Compares the last row with the head of the room; null if they agree. */
    public @Nullable Damage end(Head head) {
        if (last < head.seq()) {
            return missing(last + 1, head.seq());
        }
        if (last > head.seq()) {
            return asked > head.seq()
                    ? null // the log went back to before the requested seq
                    : new Damage(head.seq() + 1, "there are rows after the room's last, " + head.seq());
        }
        return Link.isOfRow(lastLink) && head.link() != lastLink
                ? new Damage(last, "the room does not name the link of its last row, " + last)
                : null;
    }
}
