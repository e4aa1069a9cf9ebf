package io.keck.crdt;

import java.util.ArrayDeque;

/**
 * What is done with the structs when a transaction is over: the content of what it deleted is collected, and structs that
 * can be one become one. Source: Yjs {@code Transaction.js} {@code cleanupTransactions}.
 *
 * <p>Collecting: a deleted item becomes ContentDeleted, since others may still name it; everything in a deleted type
 * becomes GC, since nothing can be put there any more. Kept items are spared, for an undo.
 *
 * <p>Merging looks only at what the transaction touched: what it deleted, what it added and where it split, in this order
 * and each from the right, which is also the order of Yjs, so that both end with the same structs.
 */
final class Cleanup {
    private final ItemStore store;
    private final ArrayDeque<Branch> dead = new ArrayDeque<>(0);
    private int merged;

    Cleanup(ItemStore store) {
        this.store = store;
    }

    void run(Transaction transaction, boolean gc) {
        if (gc) {
            for (int i = 0; i < transaction.changeCount(); i++) {
                collect(transaction.change(i));
            }
        }
        for (int i = 0; i < transaction.changeCount(); i++) {
            mergeDeleted(transaction.change(i));
        }
        for (int i = 0; i < transaction.changeCount(); i++) {
            ClientChange change = transaction.change(i);
            if (change.before < change.after) {
                mergeNew(change);
            }
        }
        for (int i = transaction.splitCount() - 1; i >= 0; i--) {
            mergeAround(transaction.split(i));
        }
        for (int i = 0; gc && i < transaction.changeCount(); i++) {
            transaction.change(i).list.compact();
        }
    }

    private void collect(ClientChange change) {
        Ranges deletes = change.deletes;
        if (deletes == null) {
            return;
        }
        for (int i = deletes.size() - 1; i >= 0; i--) {
            StructList list = change.list;
            for (long p = list.find(deletes.from(i)); p != StructList.NONE; p = list.next(p)) {
                Struct struct = list.get(p);
                if (struct.clock >= deletes.to(i)) {
                    break;
                }
                if (struct instanceof Item item && item.isDeleted() && !item.isKept()) {
                    collect(item);
                }
            }
        }
    }

    private void collect(Item item) {
        drop(item);
        item.content = ContentDeleted.INSTANCE;
        while (!dead.isEmpty()) {
            Branch branch = dead.pop();
            for (Item child = branch.start; child != null; child = child.right) {
                bury(child);
            }
            if (branch.hasMap()) {
                for (Item newest : branch.map().values()) {
                    for (Item child = newest; child != null; child = child.left) {
                        bury(child);
                    }
                }
            }
            branch.dropChildren();
        }
    }

    private void bury(Item child) {
        if (!child.isDeleted()) {
            throw new IllegalStateException("a deleted type holds " + child + ": the document is damaged");
        }
        drop(child);
        child.list.replace(child.list.find(child.clock), new GC(child.list, child.clock, child.length));
    }

    private void drop(Item item) {
        if (item.isRedone()) {
            store.forgetRedone(item);
        }
        item.content.drop(item);
        if (item.content instanceof ContentType type) {
            dead.push(type.branch);
        }
    }

    private void mergeDeleted(ClientChange change) {
        Ranges deletes = change.deletes;
        if (deletes == null) {
            return;
        }
        for (int i = deletes.size() - 1; i >= 0; i--) {
            StructList list = change.list;
            long position = list.find(deletes.to(i) - 1);
            long next = list.next(position);
            position = next == StructList.NONE ? position : next;
            mergeDownTo(list, position, deletes.from(i));
        }
    }

    private void mergeNew(ClientChange change) {
        mergeDownTo(change.list, change.list.last(), change.list.at(change.before).clock);
    }

    /** Merges from a position leftwards all that begins at the clock or later. */
    private void mergeDownTo(StructList list, long from, long clock) {
        long position = from;
        while (position != StructList.NONE && list.get(position).clock >= clock) {
            position = mergeLeftwards(list, position);
        }
    }

    private void mergeAround(Item split) {
        StructList list = split.list;
        long position = list.find(split.clock);
        long next = list.next(position);
        if (next != StructList.NONE) {
            mergeLeftwards(list, next);
            if (merged > 1) {
                return; // the one before it is in already
            }
            position = list.find(split.clock);
        }
        mergeLeftwards(list, position);
    }

    /**
     * Merges a struct into the one before it, and that into the one before, as long as they can.
     *
     * @return the position before the result
     */
    private long mergeLeftwards(StructList list, long from) {
        merged = 0;
        long position = from;
        Struct right = list.get(position);
        long before = list.previous(position);
        while (before != StructList.NONE) {
            Struct left = list.get(before);
            if (!left.mergeWith(right)) {
                break;
            }
            merged++;
            before = list.remove(position);
            position = before;
            right = left;
            before = list.previous(position);
        }
        return before;
    }
}
