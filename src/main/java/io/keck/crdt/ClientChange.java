package io.keck.crdt;

import io.keck.crdt.store.Ranges;
import org.jspecify.annotations.Nullable;

/** What one transaction did to the history of one client. */
final class ClientChange {
    final Transaction transaction;
    final StructList list;
    /** The end of the history when the transaction touched it first. */
    final long before;
    /** Its end when the transaction was over. */
    long after;
    /** What was deleted, or null while nothing was. */
    @Nullable
    Ranges deletes;

    ClientChange(Transaction transaction, StructList list) {
        this.transaction = transaction;
        this.list = list;
        this.before = list.end();
        this.after = before;
    }

    /** How many histories the transaction had deleted from before it did from this one. */
    int deleteRank;
}
