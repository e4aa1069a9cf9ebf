package io.keck.room;

import io.keck.crdt.store.Update;
import org.jspecify.annotations.Nullable;

/**
 * One step of a replica along the log: a row, or a snapshot in place of rows that were compacted away.
 *
 * @param seq the seq of the row, or of the last row in the snapshot
 * @param link the link of that row, or {@link Link#UNKNOWN} for a snapshot
 * @param before the link of the last row in the replica before this step
 * @param update the content of the row or snapshot
 * @param own the batch of this room that became the row; null if another node wrote the row
 */
record Advance(
        long seq,
        long link,
        long before,
        Update update,
        @Nullable Batch own) {}
