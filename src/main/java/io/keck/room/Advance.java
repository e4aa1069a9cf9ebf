package io.keck.room;

import io.keck.crdt.store.Update;
import org.jspecify.annotations.Nullable;

/**
 * One step of a replica along the log: a row, or the snapshot that stands for rows that were compacted away.
 *
 * @param seq of the row, or of the last row in the snapshot
 * @param link of that row, or {@link Link#UNKNOWN} for a snapshot
 * @param before the link of the last row in the replica before this step
 * @param update the content of the row or snapshot
 * @param own the batch of this room that became the row, or null where the row came from elsewhere
 */
record Advance(
        long seq,
        long link,
        long before,
        Update update,
        @Nullable Batch own) {}
