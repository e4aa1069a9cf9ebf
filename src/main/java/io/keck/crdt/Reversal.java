package io.keck.crdt;

import io.keck.crdt.store.Id;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reverts one step, within one transaction: deletes what the step inserted and recreates what it deleted.
 *
 * <p>A recreated item is a new item with the same content at the place of the tombstone: between the nearest siblings
 * that are in the same parent, or whose recreated items do. If an item was recreated several times, the newest one
 * represents all. A deleted item in a deleted type is recreated only if the same step deleted that type, and after it;
 * the value of a key only if no other client has set the key since. Source: Yjs {@code Item.js} {@code redoItem}.
 */
final class Reversal {
    /** The neighbours between which an item is recreated. */
    private record Gap(@Nullable Item left, @Nullable Item right) {}

    private final Transaction transaction;
    private final ItemStore store;
    private final UndoManager manager;
    private final UndoOptions options;
    private final UndoStep step;
    /** The items that the step deleted. */
    private final Set<Item> deleted = new LinkedHashSet<>();

    Reversal(Transaction transaction, UndoManager manager, UndoOptions options, UndoStep step) {
        this.transaction = transaction;
        this.store = transaction.doc().store();
        this.manager = manager;
        this.options = options;
        this.step = step;
    }

    /** Reverts the step; returns whether that changed anything. */
    boolean run() {
        List<Item> inserted = new ArrayList<>();
        transaction.forEachItem(step.insertions, item -> {
            Item now = newest(item);
            if (now != null && !now.isDeleted() && manager.inScope(now)) {
                inserted.add(now);
            }
        });
        transaction.forEachItem(step.deletions, item -> {
            // an item that the step both inserted and deleted must not be recreated
            if (!step.inserts(item) && manager.inScope(item)) {
                deleted.add(item);
            }
        });
        boolean changed = false;
        for (Item item : deleted) {
            changed |= bringBack(item);
        }
        for (int i = inserted.size() - 1; i >= 0; i--) { // children before parents, so that a filter sees them in place
            Item item = inserted.get(i);
            if (options.deleteFilter().test(new ItemView(item))) {
                transaction.delete(item);
                changed = true;
            }
        }
        return changed;
    }

    // ---- recreated items

    /** The newest item that recreates this one, or the item itself; null if the newest was collected. */
    private @Nullable Item newest(Item item) {
        Item at = item;
        while (at != null && store.redone(at) != null) {
            at = recreated(at);
        }
        return at;
    }

    private @Nullable Item recreated(Item item) {
        Id id = store.redone(item);
        return id != null && store.cleanStart(transaction, store.client(id.client()), id.clock()) instanceof Item next
                ? next
                : null;
    }

    /** The item, or one of the items that recreate it, that is in {@code parent}; null if none does. */
    private @Nullable Item within(Branch parent, Item item) {
        Item at = item;
        while (at != null && at.parent() != parent) {
            at = recreated(at);
        }
        return at;
    }

    // ---- recreating items

    /** Recreates an item, and before it the deleted types that contain it; returns false if it has no place left. */
    private boolean bringBack(Item item) {
        ArrayDeque<Item> inwards = new ArrayDeque<>(); // types may nest to any depth: no recursion
        Item at = item;
        while (at != null) {
            inwards.push(at);
            Item owner = at.isRedone() ? null : at.parent().item;
            at = owner != null && owner.isDeleted() && !owner.isRedone() ? owner : null;
            if (at != null && !deleted.contains(at)) {
                return false;
            }
        }
        boolean there = true;
        while (there && !inwards.isEmpty()) {
            Item next = inwards.pop();
            there = next.isRedone() ? newest(next) != null : make(next);
        }
        return there;
    }

    private boolean make(Item item) {
        Branch parent = parentNow(item);
        if (parent == null) {
            return false;
        }
        String key = item.parentSub();
        Gap gap = key == null ? gapInList(item, parent) : gapOfKey(item, parent, key);
        if (gap == null) {
            return false;
        }
        Item made = Lists.newItem(transaction, parent, key, gap.left, gap.right, item.length());
        made.content(item.content().copy(item, made, made.list()));
        store.setRedone(item, made.id());
        made.keep(true);
        transaction.doc().integration().link(transaction, made);
        return true;
    }

    private @Nullable Branch parentNow(Item item) {
        Item owner = item.parent().item;
        if (owner == null || !owner.isRedone()) {
            return item.parent();
        }
        Item now = newest(owner);
        return now != null && now.content() instanceof ContentType type ? type.branch : null;
    }

    private Gap gapInList(Item item, Branch parent) {
        Item left = null;
        for (Item at = item.left; at != null && left == null; at = at.left) {
            left = within(parent, at);
        }
        Item right = null;
        for (Item at = item; at != null && right == null; at = at.right) {
            right = within(parent, at);
        }
        return new Gap(left, right);
    }

    /** The gap after the newest value of a key; null if that value is another client's and must stay. */
    private @Nullable Gap gapOfKey(Item item, Branch parent, String key) {
        Item newest = parent.hasMap() ? parent.map().get(key) : null;
        if (item.right == null || options.ignoreRemoteMapChanges()) {
            return new Gap(newest, null);
        }
        Item last = item;
        while (last != null && last.right != null && isOurs(last.right)) {
            last = newest(last.right);
        }
        if (last == null || last.right != null) {
            return null;
        }
        return new Gap(last.parent() == parent ? last : newest, null);
    }

    private boolean isOurs(Item value) {
        return value.isRedone() || step.inserts(value) || manager.deletedInAStep(value);
    }
}
