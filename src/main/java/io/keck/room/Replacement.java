package io.keck.room;

import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;

/**
 * A replica that is loaded from the log because the old one holds rows that the log has lost, or can no longer compare.
 *
 * @param roomId of the room in the log; a log that went back to before the room was created gives it another id
 * @param seq of the newest row
 * @param link of that row
 * @param missing what the old replica held and the log does not
 * @param isMade see {@link UpdateLog.Contents}
 */
record Replacement(StructStore store, long roomId, long seq, long link, Update missing, boolean isMade) {}
