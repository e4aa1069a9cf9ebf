package io.keck.crdt;

import io.keck.crdt.store.DeleteSet;
import java.util.HashMap;
import java.util.Map;

/** Changes that are undone together: the inserted clocks, the deleted clocks, and the user's notes. */
final class UndoStep {
    final DeleteSet insertions = new DeleteSet();
    final DeleteSet deletions = new DeleteSet();
    final Map<Object, Object> meta = new HashMap<>(2);

    void add(Transaction transaction) {
        insertions.addAll(transaction.insertions());
        deletions.addAll(transaction.deletes());
    }

    boolean inserts(Item item) {
        return insertions.contains(item.list().client, item.clock());
    }

    boolean deletes(Item item) {
        return deletions.contains(item.list().client, item.clock());
    }
}
