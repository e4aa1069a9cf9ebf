package io.keck.crdt;

import io.keck.crdt.store.Ranges;
import java.util.ArrayDeque;
import java.util.function.Predicate;

/**
 * What is done with the structs when a transaction is over: the content of what it deleted is collected, and structs that
 * can be one become one. Source: Yjs {@code Transaction.js} {@code cleanupTransactions}.
 *
 * <p><b>Collecting.</b> A deleted item becomes ContentDeleted, since others may still name it; everything in a deleted
 * type becomes GC, since nothing can be put there any more. Kept items are spared, for an undo, and what a filter of the
 * user wants.
 *
 * <p><b>Merging</b> happens at seams, the clocks at which a struct ends and the next begins. A seam is looked at only where
 * the transaction did something: within and at both ends of what it deleted, at and behind the start of what it added,
 * and at both ends of a struct it split; and where one closes, the next to the left. Some that could close are not looked
 * at, or only because another closed before: so for the bytes of Yjs the order has to be that of Yjs, deletions first,
 * then additions, then splits, and each from the right.
 */
final class Cleanup {
    private final ItemStore store;
    private final Predicate<ItemView> filter;
    /** Types that were deleted, whose children have to go. */
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

    /** All values a key ever had. */
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
     * Closes what can be of the seams at one clock and behind it, up to the end of the struct that holds another clock now;
     * and then on to the left while they do.
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
