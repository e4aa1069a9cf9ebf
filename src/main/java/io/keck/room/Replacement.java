package io.keck.room;

import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;

/**
 * The content of a replica that was loaded from the log again, because the old replica has rows that the log has lost
 * or can no longer compare.
 *
 * @param roomId the id of the room in the log; it changes if the log went back to before the room was created
 * @param seq the seq of the newest row
 * @param link the link of that row
 * @param missing the content of the old replica that the log does not have
 * @param isMade see {@link UpdateLog.Contents}
 */
record Replacement(StructStore store, long roomId, long seq, long link, Update missing, boolean isMade) {}
