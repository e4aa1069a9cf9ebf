package io.keck.storage.log;

import io.keck.room.UpdateLog;

/**
 * Keeps rows that leave the log. The compactor calls it outside of any transaction; what it does is complete or nothing,
 * whenever the node is killed. Implementations are thread-safe.
 */
public interface RowKeeper {
    /**
     * Called before rows are folded into a snapshot.
     *
     * @param contents the present snapshot and the rows that are about to be folded
     */
    void beforeFold(UpdateLog.Contents contents);

    /**
     * Called after rows were folded.
     *
     * @param upTo the seq of the last folded row
     */
    void folded(long roomId, long upTo);

    /**
     * Takes folded rows out of the log.
     *
     * @param upTo the seq of the last folded row
     * @param before rows written later stay, in milliseconds since 1970
     * @return how many rows were taken, and when to ask for the rest
     */
    Taken take(long roomId, long upTo, long before);

    /** Called after rows of a room were committed; returns at once. */
    void written(long roomId);

    /** Called about once a minute. */
    void upkeep();

    /**
     * What was taken.
     *
     * @param rows the number of rows that are not in the log any more
     * @param askAgainAt when rows that were left may be worth a segment, in milliseconds since 1970; 0 for never
     */
    record Taken(int rows, long askAgainAt) {}
}
