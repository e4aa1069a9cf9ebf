package io.keck.crdt;

import io.keck.crdt.store.Ranges;
import java.util.ArrayDeque;
import java.util.function.Predicate;

/**
 * Cleans up the structs at the end of a transaction: collects the content of the items it deleted, and merges structs
 * that can be one. Source: Yjs {@code Transaction.js} {@code cleanupTransactions}.
 *
 * <p><b>Collecting.</b> A deleted item becomes ContentDeleted, since other items may still name it; everything in a
 * deleted type becomes GC, since nothing can be inserted there anymore. Items that are kept for an undo are spared,
 * and so are those that the user's filter does not release.
 *
 * <p><b>Merging</b> happens at seams, the clocks at which a struct ends and the next begins. A seam is examined only
 * where the transaction did something: within and at both ends of what it deleted, at and after the start of what it
 * added, and at both ends of a struct it split; and where one seam closes, the next to the left. Some seams that could
 * close are never examined, or only because another one closed before. To write the bytes that Yjs writes, the order
 * must therefore be that of Yjs: deletions first, then additions, then splits, each from right to left.
 */
final class Cleanup {
    private final ItemStore store;
    private final Predicate<ItemView> filter;
    /** Deleted types whose children have yet to be collected. */
    private final ArrayDeque<Branch> dead = new ArrayDeque<>(0);

    Cleanup(ItemStore store, Predicate<ItemView> filter) {
        this.store = store;
        this.filter = filter;
    }

    void run(Transaction transaction, boolean gc) {
        int changes = transaction.changeCount();
        for (int i = 0; gc && i < changes; i++) {
            collect(transaction.change(i));
        }
        for (int i = 0; i < changes; i++) {
            closeSeamsOfDeletions(transaction.change(i));
        }
        for (int i = 0; i < changes; i++) {
            ClientChange change = transaction.change(i);
            if (change.before < change.after) {
                StructList list = change.list;
                closeSeams(list, list.at(change.before).clock(), change.after - 1);
            }
        }
        for (int i = transaction.splitCount() - 1; i >= 0; i--) {
            StructList list = transaction.split(i).list();
            long clock = transaction.split(i).clock();
            closeSeams(list, list.at(clock).clock(), clock);
        }
        for (int i = 0; gc && i < changes; i++) {
            transaction.change(i).list.compact();
        }
    }

    // ---- collecting

    private void collect(ClientChange change) {
        StructList list = change.list;
        Ranges deletes = change.deletes;
        for (int i = deletes == null ? 0 : deletes.size(); deletes != null && i-- > 0; ) {
            long p = list.find(deletes.from(i));
            while (p != StructList.NONE && list.get(p).clock() < deletes.to(i)) {
                if (list.get(p) instanceof Item item && isGarbage(item)) {
                    collect(item);
                }
                p = list.next(p);
            }
        }
    }

    private boolean isGarbage(Item item) {
        return item.isDeleted() && !item.isKept() && (filter == DocOptions.ALL || filter.test(new ItemView(item)));
    }

    private void collect(Item item) {
        drop(item);
        while (!dead.isEmpty()) {
            Branch branch = dead.pop();
            for (Item child = branch.start; child != null; child = child.right) {
                bury(child);
            }
            if (branch.hasMap()) {
                branch.map().values().forEach(this::buryValues);
            }
            branch.dropChildren();
        }
    }

    /** Collects all values that a key ever had. */
    private void buryValues(Item newest) {
        for (Item value = newest; value != null; value = value.left) {
            bury(value);
        }
    }

    private void bury(Item child) {
        if (!child.isDeleted()) {
            throw new IllegalStateException("a deleted type holds " + child + ": the document is damaged");
        }
        drop(child);
        child.list().replace(child.list().find(child.clock()), new GC(child.list(), child.clock(), child.length()));
    }

    private void drop(Item item) {
        if (item.isRedone()) {
            store.forgetRedone(item);
        }
        ItemContent content = item.content();
        content.drop(item);
        if (content instanceof ContentType type) {
            dead.push(type.branch);
        }
        item.content(ContentDeleted.INSTANCE);
    }

    // ---- merging

    private static void closeSeamsOfDeletions(ClientChange change) {
        Ranges deletes = change.deletes;
        for (int i = deletes == null ? 0 : deletes.size(); deletes != null && i-- > 0; ) {
            closeSeams(change.list, deletes.from(i), deletes.to(i) - 1);
        }
    }

    /**
     * Closes the seams that can be closed from clock {@code from} up to the end of the struct that now holds
     * {@code last}; continues to the left as long as seams close.
     */
    private static void closeSeams(StructList list, long from, long last) {
        long right = list.find(last);
        long behind = list.next(right);
        right = behind == StructList.NONE ? right : behind;
        boolean closed = false;
        while (closed || list.get(right).clock() >= from) {
            long left = list.previous(right);
            if (left == StructList.NONE) {
                return;
            }
            closed = list.get(left).mergeWith(list.get(right));
            right = closed ? list.remove(right) : left;
        }
    }
}
