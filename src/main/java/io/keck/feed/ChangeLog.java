package io.keck.feed;

import io.keck.failure.Unavailable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows of rooms' logs by their seq, for those who follow at their own pace. Also those of rooms that were deleted.
 * Implementations are thread-safe; calls wait for the database, and throw {@link Unavailable} when it does
 * not answer.
 */
public interface ChangeLog {
    /**
     * A committed row.
     *
     * @param payload a V1 update
     */
    record Change(long seq, byte[] payload) {}

    /**
     * Rows, in order, without a gap between them, each as it was written.
     *
     * @param head the seq of the newest row of the room, or that of the last of these
     * @param isBroken whether the first row that was asked for is gone: it was kept for the retention, and no longer;
     *     then there are none
     * @param damage what is wrong with the row after these, so that they end there until the room is repaired; null for
     *     nothing. Repaired, the rows are gone
     */
    record Page(
            List<Change> changes,
            long head,
            boolean isBroken,
            @Nullable String damage) {
        /** Rows of which none is damaged. */
        public Page(List<Change> changes, long head, boolean isBroken) {
            this(changes, head, isBroken, null);
        }
    }

    /**
     * A room at one of its rows.
     *
     * @param seq of that row
     * @param state a V1 update that holds all up to a row before, or null for nothing
     * @param rows what follows that, up to {@code seq}
     * @param damage why it is not the row that was asked for, but an earlier one: the next is damaged; or null
     */
    record Base(
            long seq,
            byte @Nullable [] state,
            List<byte[]> rows,
            @Nullable String damage) {
        /** A room of which nothing is damaged up to there. */
        public Base(long seq, byte @Nullable [] state, List<byte[]> rows) {
            this(seq, state, rows, null);
        }
    }

    /**
     * Rows after {@code after}, up to {@code upTo}: at least one if there is one, and so many that they have not much more
     * than {@code maxBytes}. None from a damaged one on.
     */
    Page read(long roomId, long after, long upTo, long maxBytes);

    /**
     * The room as it was at that row; or at the next row for which that can still be told, when the rows before were
     * folded into a snapshot since; or at the last one before the first that is damaged.
     */
    Base base(long roomId, long seq);
}
