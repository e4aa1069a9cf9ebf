package io.keck.crdt;

import io.keck.crdt.store.DeleteSet;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides which content of a source document a {@link Restoration} makes visible. The source is split at the borders of
 * that content beforehand, so an item is wanted as a whole or not at all.
 */
sealed interface Wish {
    /** Whether an item of a list is to be visible, provided that the type that contains it is. */
    boolean wants(Item item);

    /** Whether an item that is wanted may be recreated where the target does not show it. */
    boolean mayRecreate(Item item);

    /** Whether content of the target that the source does not show is deleted. */
    boolean isWhole();

    /**
     * The value of a key of a type of the source.
     *
     * @return null if the key is to have no value
     */
    @Nullable
    Item value(Branch source, String key);

    /** Wants exactly what the source shows. */
    final class State implements Wish {
        @Override
        public boolean wants(Item item) {
            return !item.isDeleted();
        }

        @Override
        public boolean mayRecreate(Item item) {
            return true;
        }

        @Override
        public boolean isWhole() {
            return true;
        }

        @Override
        public @Nullable Item value(Branch source, String key) {
            return source.value(key);
        }
    }

    /**
     * Wants the document as if certain changes had never been made. A type whose insertion is reverted stays if it
     * contains content of other changes.
     */
    final class Without implements Wish {
        private final DeleteSet inserted;
        private final DeleteSet deleted;
        /** The items of types whose insertion is reverted but that contain content of other changes. */
        private final Set<Item> containers = Collections.newSetFromMap(new IdentityHashMap<>());

        /**
         * Creates the decision and splits the source.
         *
         * @param inserted the clocks that the changes inserted
         * @param deleted the clocks that are deleted even without the changes
         */
        Without(Transaction source, DeleteSet inserted, DeleteSet deleted) {
            this.inserted = inserted;
            this.deleted = deleted;
            source.forEachItem(inserted, item -> {});
            source.forEachItem(deleted, item -> {});
            for (StructList list : source.doc().store().lists()) {
                for (long p = list.first(); p != StructList.NONE; p = list.next(p)) {
                    if (list.get(p) instanceof Item item) {
                        keepContainers(item);
                    }
                }
            }
        }

        private void keepContainers(Item item) {
            Branch parent = item.parent();
            boolean isContent = item.isCountable() && (item.parentSub() == null || parent.kind() == Branch.MAP);
            if (parent.item == null || !isContent || isInserted(item) || isDeleted(item)) {
                return;
            }
            ArrayDeque<Item> owners = new ArrayDeque<>();
            for (Item at = parent.item; at != null && !containers.contains(at); at = at.parent().item) {
                if (isDeleted(at)) {
                    return; // another change deleted the type that contains it
                }
                if (isInserted(at)) {
                    owners.add(at);
                }
            }
            containers.addAll(owners);
        }

        boolean isInserted(Item item) {
            return inserted.contains(item.list().client, item.clock());
        }

        /** Whether the item is deleted even without the changes that are reverted. */
        boolean isDeleted(Item item) {
            return deleted.contains(item.list().client, item.clock());
        }

        /** Whether the changes set this key and another change has set or deleted it since. */
        boolean isReplaced(Branch source, String key) {
            Item newest = source.hasMap() ? source.map().get(key) : null;
            if (newest == null || isInserted(newest)) {
                return newest != null && isDeleted(newest);
            }
            return newest.left != null && isInserted(newest.left);
        }

        private boolean isTakenBack(Item item) {
            return isInserted(item) && !containers.contains(item);
        }

        @Override
        public boolean wants(Item item) {
            return !isTakenBack(item) && !isDeleted(item);
        }

        /** Content that was deleted after the source was read stays deleted. */
        @Override
        public boolean mayRecreate(Item item) {
            return item.isDeleted();
        }

        @Override
        public boolean isWhole() {
            return false;
        }

        /** The newest change of the key that is not reverted decides: it set a value, or deleted an earlier one. */
        @Override
        public @Nullable Item value(Branch source, String key) {
            Item at = source.hasMap() ? source.map().get(key) : null;
            while (at != null && isTakenBack(at) && !isDeleted(at)) {
                at = at.left;
            }
            return at == null || isDeleted(at) ? null : at;
        }
    }
}
