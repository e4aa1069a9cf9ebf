package io.keck.history;

import io.keck.access.Author;
import io.keck.failure.HistoryGone;
import io.keck.failure.RoomDamaged;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.Unavailable;
import io.keck.feed.Authorship;
import io.keck.feed.ChangeLog;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the history of live rooms: every row from the first known seq on, whether it is still in the log or was moved
 * to a segment, and checkpoints, from which the state at any row follows with few further rows. The state at seq
 * {@code n} is the {@link #base} at or before {@code n} with the {@link #rows} after it up to {@code n}.
 *
 * <p>Implementations are thread-safe. Calls wait for the database. They throw {@link Unavailable} if it does not
 * answer, {@link RoomGone} if the room was deleted, {@link RoomLost} if there is none with that id, and
 * {@link RoomDamaged} if stored data does not match its checksum.
 */
public interface HistoryReader {
    /**
     * The part of a room's history that is known.
     *
     * @param first the first seq at which the state of the room is known; 0 if the whole history is known, from the
     *     empty document on
     * @param firstAt the time of that row, in milliseconds since 1970; the creation of the room if {@code first} is 0
     * @param head the seq of the newest row; 0 for none
     * @param headAt the time of that row; the creation of the room if there is none
     */
    record Range(long first, long firstAt, long head, long headAt) {}

    /**
     * A document at one of its rows; content that was deleted after {@link Range#first} is included.
     *
     * @param seq the seq of that row; 0 for the empty document
     * @param at the time of that row, in milliseconds since 1970; 0 if unknown
     * @param state a V1 update with all changes up to that row, deleted items with their content; null for the empty
     *     document
     * @param authors the authors of insertions and deletions up to that row, as far as they are known; owned by the
     *     caller
     */
    record Checkpoint(long seq, long at, byte @Nullable [] state, Authorship<Author> authors) {}

    /**
     * Changes of one author that followed each other without a long pause.
     *
     * @param first the seq of its first row
     * @param last the seq of its last row, which identifies the session within the room; rows of other authors may lie
     *     between the first and the last row
     * @param from the time of the first row, in milliseconds since 1970
     * @param to the time of the last row
     * @param author null if unknown
     * @param rows the number of its rows
     * @param bytes the bytes of the updates of its rows
     */
    record Session(
            long first,
            long last,
            long from,
            long to,
            @Nullable Author author,
            long rows,
            long bytes) {}

    /** Returns the part of a room's history that is known. */
    Range range(long roomId);

    /**
     * Returns the seq of the last row that was committed at or before a time; 0 if there is none.
     *
     * @param millis the time in milliseconds since 1970
     * @throws HistoryGone if the state at that time is no longer known
     */
    long seqAt(long roomId, long millis);

    /**
     * Returns the newest checkpoint at or before a row, or the empty document at 0. A seq beyond the head stands for
     * the head.
     *
     * @throws HistoryGone if the state at that row is no longer known
     */
    Checkpoint base(long roomId, long seq);

    /**
     * Reads rows after {@code after}, up to {@code upTo}: at least one if there is one, and not much more than
     * {@code maxBytes} in all; a page may end earlier, at the end of a segment. A page with
     * {@link ChangeLog.Page#isBroken} says that the first requested row is no longer stored; one with
     * {@link ChangeLog.Page#damage} says that this row cannot be read.
     */
    ChangeLog.Page rows(long roomId, long after, long upTo, long maxBytes);

    /**
     * Returns sessions, ordered by their last rows, newest first.
     *
     * @param before only sessions whose last row is before this seq; {@link Long#MAX_VALUE} for the newest
     * @param limit the largest number of sessions
     * @param by the principal whose sessions are listed; null for all sessions
     */
    List<Session> activity(long roomId, long before, int limit, @Nullable String by);
}
