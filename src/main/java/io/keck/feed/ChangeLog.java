package io.keck.feed;

import io.keck.access.Author;
import io.keck.failure.Unavailable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows of rooms' logs by their seq, for consumers that follow at their own pace; includes the rows of rooms that
 * were deleted. Implementations are thread-safe; calls wait for the database, and throw
 * {@link Unavailable} if it does not answer.
 */
public interface ChangeLog {
    /**
     * A committed row.
     *
     * @param payload a V1 update
     * @param author null if unknown
     * @param at the time of the commit by the database's clock, in milliseconds since 1970; 0 if unknown
     */
    record Change(long seq, byte[] payload, @Nullable Author author, long at) {
        /** Creates a row of an unknown author. */
        public Change(long seq, byte[] payload) {
            this(seq, payload, null, 0);
        }
    }

    /**
     * Rows in order, without a gap between them, each as it was written.
     *
     * @param head the seq of the newest row of the room, or of the last of these rows
     * @param isBroken whether the first requested row is gone, since rows are kept only for the retention; there are no
     *     rows then
     * @param damage a description of the damage of the row after these, where they end until the room is repaired; null
     *     if there is none. After a repair these rows are gone
     */
    record Page(
            List<Change> changes,
            long head,
            boolean isBroken,
            @Nullable String damage) {
        /** Creates a page without damage. */
        public Page(List<Change> changes, long head, boolean isBroken) {
            this(changes, head, isBroken, null);
        }
    }

    /**
     * The authors of the content of a room.
     *
     * @param seq the seq of the last row that {@code ranges} covers
     */
    record Authors(Authorship<Author> ranges, long seq) {}

    /**
     * A room at one of its rows.
     *
     * @param seq the seq of that row
     * @param state a V1 update that holds everything up to some earlier row, or null for nothing
     * @param rows the rows after that, up to {@code seq}
     * @param damage why this is an earlier row than the requested one: the next row is damaged; or null
     */
    record Base(
            long seq,
            byte @Nullable [] state,
            List<byte[]> rows,
            @Nullable String damage) {
        /** Creates a base without damage. */
        public Base(long seq, byte @Nullable [] state, List<byte[]> rows) {
            this(seq, state, rows, null);
        }
    }

    /**
     * Reads rows after {@code after}, up to {@code upTo}: at least one if there is one, and not much more than
     * {@code maxBytes} in all. Ends before the first damaged row.
     */
    Page read(long roomId, long after, long upTo, long maxBytes);

    /**
     * Returns the room as it was at that row; or at the next row for which that is still known, if rows have been
     * folded into a snapshot since; or at the last row before the first damaged one.
     */
    Base base(long roomId, long seq);

    /**
     * Returns the known authors of a room's content and deletions, including those of rows that were folded and
     * deleted.
     */
    Authors authorship(long roomId);
}
