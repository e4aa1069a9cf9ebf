package io.keck.crdt;

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

    Ranges deletes() {
        if (deletes == null) {
            deletes = new Ranges();
        }
        return deletes;
    }
}
