package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Lists and maps of items, by index and by key. Source: Yjs {@code AbstractType.js}. */
final class Lists {
    /** A look-up that passes more items than this adds a marker. */
    private static final int FAR = 8;

    private Lists() {}

    // ---- places

    /**
     * Returns the item that ends at an index; splits an item that extends beyond it. If deleted items are at that
     * index, the item before all of them.
     *
     * @return null for the start
     */
    static @Nullable Item before(Transaction transaction, Branch branch, long index) {
        if (index == 0) {
            return null;
        }
        Item item = holding(branch, index - 1);
        long offset = index - branch.found;
        if (offset < item.length()) {
            transaction.doc().store().split(transaction, item, offset);
        }
        return item;
    }

    /** The value at an index, which must exist. */
    static @Nullable Object get(Branch branch, long index) {
        Item item = holding(branch, index);
        return item.content().value(item, (int) (index - branch.found));
    }

    /**
     * Returns the item that holds the unit at {@code index}, which must exist; sets {@link Branch#found} to the index
     * of that item's first unit.
     */
    private static Item holding(Branch branch, long index) {
        Markers markers = markers(branch);
        int marker = markers == null ? -1 : markers.before(index + 1);
        Item item = branch.start;
        long at = 0;
        if (markers != null) {
            if (markers.isNearer(marker + 1, index)) {
                return leftOf(branch, markers, marker + 1, index);
            }
            if (marker >= 0) {
                item = markers.item(marker);
                at = markers.index(marker);
            }
        }
        for (int steps = 0; item != null; item = item.right, steps++) {
            if (item.isVisible()) {
                long end = at + item.length();
                if (index < end) {
                    return found(branch, item, at, steps);
                }
                at = end;
            }
        }
        throw new IndexOutOfBoundsException("index " + index + " is beyond the end");
    }

    /** As {@link #holding}, to the left from a marker after the unit. */
    private static Item leftOf(Branch branch, Markers markers, int marker, long index) {
        Item item = markers.item(marker).left;
        long at = markers.index(marker);
        for (int steps = 0; item != null; item = item.left, steps++) {
            if (item.isVisible()) {
                at -= item.length();
                if (at <= index) {
                    return found(branch, item, at, steps);
                }
            }
        }
        throw new IllegalStateException("the index of a marker is too large: the document is damaged");
    }

    private static Item found(Branch branch, Item item, long at, int steps) {
        branch.found = at;
        if (steps > FAR && branch.markers != null && !branch.isRich()) {
            branch.markers.add(item, at);
        }
        return item;
    }

    private static @Nullable Markers markers(Branch branch) {
        if (branch.markers == null && !branch.isRich()) {
            branch.markers = new Markers();
        }
        return branch.isRich() ? null : branch.markers;
    }

    // ---- edits

    /** Checks and copies values that a user inserts, so that inserting them cannot fail half way. */
    static List<@Nullable Object> checked(Collection<? extends @Nullable Object> values) {
        List<@Nullable Object> checked = new ArrayList<>(values.size());
        for (Object value : values) {
            if (!(value instanceof AbstractType) && !(value instanceof Doc)) {
                checked.add(Values.normal(value));
            } else {
                checked.add(value);
            }
        }
        checked.forEach(Lists::take);
        return checked;
    }

    static void take(@Nullable Object value) {
        if (value instanceof AbstractType type) {
            type.take();
        } else if (value instanceof Doc doc && doc.subdocuments().isSubdoc()) {
            throw new IllegalArgumentException("a document can be inserted once");
        }
    }

    /** Inserts checked values. */
    static void insert(Transaction transaction, Branch parent, long index, List<@Nullable Object> values) {
        transaction.editsByIndex(parent);
        insertAfter(transaction, parent, before(transaction, parent, index), values);
        if (parent.markers != null) {
            parent.markers.inserted(index, values.size());
        }
        transaction.editsByIndex(null);
    }

    static void insertAfter(
            Transaction transaction, Branch parent, @Nullable Item reference, List<@Nullable Object> values) {
        Item left = reference;
        Item right = left == null ? parent.start : left.right;
        int i = 0;
        while (i < values.size()) {
            int end = i;
            while (end < values.size() && !isAlone(values.get(end))) {
                end++;
            }
            Item item;
            if (end > i) {
                item = newItem(transaction, parent, null, left, right, end - i);
                item.content(ContentAny.INSTANCE);
                item.at = item.list().addValue(values.get(i));
                while (++i < end) {
                    item.list().addValue(values.get(i));
                }
            } else {
                item = newItem(transaction, parent, null, left, right, 1);
                item.content(alone(values.get(i++)));
            }
            transaction.doc().integration().link(transaction, item);
            transaction.editsByIndex(parent); // linking a type runs its recorded edits, which end this edit by index
            left = item;
        }
    }

    private static boolean isAlone(@Nullable Object value) {
        return value instanceof byte[] || value instanceof AbstractType || value instanceof Doc;
    }

    private static ItemContent alone(@Nullable Object value) {
        if (value instanceof byte[] bytes) {
            return new ContentBinary(bytes);
        }
        if (value instanceof AbstractType type) {
            return new ContentType(type.branch);
        }
        if (value instanceof Doc doc) {
            return new ContentDoc(doc, doc.options().encode());
        }
        throw new IllegalArgumentException("not content of its own: " + value);
    }

    /** Creates an item of the local client between two neighbours; the caller sets its content. */
    static Item newItem(
            Transaction transaction,
            Branch parent,
            @Nullable String key,
            @Nullable Item left,
            @Nullable Item right,
            long length) {
        Doc doc = transaction.doc();
        StructList own = doc.store().client(doc.clientId());
        Item item = new Item(
                own,
                own.end(),
                length,
                parent,
                key,
                left == null ? null : left.list(),
                left == null ? 0 : left.lastClock(),
                right == null ? null : right.list(),
                right == null ? 0 : right.clock());
        item.left = left;
        item.right = right;
        return item;
    }

    static void delete(Transaction transaction, Branch parent, long index, long length) {
        transaction.editsByIndex(parent);
        Item left = before(transaction, parent, index);
        Item item = left == null ? parent.start : left.right;
        long rest = length;
        for (; item != null && rest > 0; item = item.right) {
            if (item.isVisible()) {
                if (rest < item.length()) {
                    transaction.doc().store().split(transaction, item, rest);
                }
                rest -= item.length();
                transaction.delete(item);
            }
        }
        if (parent.markers != null) {
            parent.markers.deleted(index, length);
        }
        transaction.editsByIndex(null);
    }

    static void set(Transaction transaction, Branch parent, String key, @Nullable Object value) {
        Item left = parent.hasMap() ? parent.map().get(key) : null;
        Item item = newItem(transaction, parent, key, left, null, 1);
        if (isAlone(value)) {
            item.content(alone(value));
        } else {
            item.content(ContentAny.INSTANCE);
            item.at = item.list().addValue(value);
        }
        transaction.doc().integration().link(transaction, item);
    }

    static void remove(Transaction transaction, Branch parent, String key) {
        Item item = parent.value(key);
        if (item != null) {
            transaction.delete(item);
        }
    }

    // ---- reading

    /** The value of a map's item: its last unit. Undefined for a format, which only a hostile peer puts under a key. */
    static @Nullable Object last(Item item) {
        if (!item.isCountable()) {
            return Any.UNDEFINED;
        }
        return item.content().value(item, (int) item.length() - 1);
    }

    static void forEach(Branch branch, Consumer<@Nullable Object> consumer) {
        forEach(branch, 0, branch.length, consumer);
    }

    static void forEach(Branch branch, long from, long to, Consumer<@Nullable Object> consumer) {
        long at = 0;
        for (Item item = branch.start; item != null && at < to; item = item.right) {
            if (item.isVisible()) {
                for (long i = Math.max(at, from); i < Math.min(at + item.length(), to); i++) {
                    consumer.accept(item.content().value(item, (int) (i - at)));
                }
                at += item.length();
            }
        }
    }

    /** Passes on the values that a snapshot shows; items must have been split at its borders. */
    static void forEach(Branch branch, Snapshot snapshot, Consumer<@Nullable Object> consumer) {
        for (Item item = branch.start; item != null; item = item.right) {
            if (item.isCountable() && snapshot.shows(item)) {
                for (int i = 0; i < item.length(); i++) {
                    consumer.accept(item.content().value(item, i));
                }
            }
        }
    }

    /** The values of a list one by one; counts in {@link Doc#walked}. */
    static final class Elements implements Iterator<@Nullable Object> {
        private final @Nullable Doc doc;
        private @Nullable Item item;
        private int at;

        Elements(Branch branch) {
            this.doc = branch.doc();
            this.item = branch.start;
        }

        @Override
        public boolean hasNext() {
            long passed = 0;
            Item now = item;
            while (now != null && !(now.isVisible() && at < now.length())) {
                now = now.right;
                at = 0;
                passed++;
            }
            item = now;
            if (doc != null) {
                doc.walk(passed);
            }
            return now != null;
        }

        @Override
        public @Nullable Object next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Item now = Objects.requireNonNull(item);
            return now.content().value(now, at++);
        }
    }

    static List<@Nullable Object> toList(Branch branch) {
        List<@Nullable Object> list = new ArrayList<>((int) branch.length);
        forEach(branch, list::add);
        return list;
    }
}
