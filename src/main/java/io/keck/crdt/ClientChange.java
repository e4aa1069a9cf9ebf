package io.keck.crdt;

import io.keck.crdt.store.Ranges;
import org.jspecify.annotations.Nullable;

/** The changes that one transaction made to the history of one client. */
final class ClientChange {
    final Transaction transaction;
    final StructList list;
    /** The end of the history when the transaction first touched it. */
    final long before;
    /** The end of the history when the edits of the transaction were over. */
    long after;
    /** The deleted clocks, or null if there are none. */
    @Nullable
    Ranges deletes;

    ClientChange(Transaction transaction, StructList list) {
        this.transaction = transaction;
        this.list = list;
        this.before = list.end();
        this.after = before;
    }

    /** The number of histories from which the transaction deleted before it first deleted from this one. */
    int deleteRank;
}
