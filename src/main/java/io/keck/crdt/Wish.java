package io.keck.crdt;

import io.keck.crdt.store.DeleteSet;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which content of a source document a {@link Restoration} wants to see. The source is split at the borders of what is
 * wanted before the first question, so an item is wanted as a whole or not at all.
 */
sealed interface Wish {
    /** Whether an item of a list is to be visible, if the type that contains it is. */
    boolean wants(Item item);

    /** Whether an item that is wanted may be recreated where the target does not show it. */
    boolean mayRecreate(Item item);

    /** Whether content of the target is to go which the source does not show. */
    boolean isWhole();

    /**
     * The value of a key of a type of the source.
     *
     * @return null if the key is to have no value
     */
    @Nullable
    Item value(Branch source, String key);

    /** Everything as in the source, and nothing else. */
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
     * Everything as if certain changes had never been made. What others inserted into a type that is taken back keeps
     * that type.
     */
    final class Without implements Wish {
        private final DeleteSet inserted;
        private final DeleteSet deleted;
        /** The items of types that are taken back but contain something of others. */
        private final Set<Item> containers = Collections.newSetFromMap(new IdentityHashMap<>());

        /**
         * Creates the wish, and splits the source.
         *
         * @param inserted the clocks that the changes inserted
         * @param deleted the clocks that are deleted without the changes
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
                    return; // others deleted what contains it
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

        /** Whether the item is deleted without the changes that are taken back. */
        boolean isDeleted(Item item) {
            return deleted.contains(item.list().client, item.clock());
        }

        /** Whether the changes set this key, and somebody else has set or deleted it since. */
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

        /** What was deleted after the source was read stays deleted. */
        @Override
        public boolean mayRecreate(Item item) {
            return item.isDeleted();
        }

        @Override
        public boolean isWhole() {
            return false;
        }

        /** The newest act on the key that is not taken back counts: it set a value, or deleted that of another one. */
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
