package io.keck.crdt;

import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The keys and values of a type, now or at the time of a snapshot. Source: Yjs {@code AbstractType.js}
 * {@code typeMapGetAll}.
 */
final class Attributes {
    private Attributes() {}

    static Map<String, @Nullable Object> of(Branch branch) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        if (branch.hasMap()) {
            branch.map().forEach((key, item) -> {
                if (!item.isDeleted()) {
                    all.put(key, Lists.last(item));
                }
            });
        }
        return Collections.unmodifiableMap(all);
    }

    /** The keys and values one by one; counts in {@link Doc#walked}. */
    static final class Entries implements Iterator<Map.Entry<String, @Nullable Object>> {
        private final @Nullable Doc doc;
        private final Iterator<Map.Entry<String, Item>> all;
        private Map.@Nullable Entry<String, @Nullable Object> next;

        Entries(Branch branch) {
            this.doc = branch.doc();
            this.all = branch.hasMap()
                    ? branch.map().entrySet().iterator()
                    : Collections.<Map.Entry<String, Item>>emptyIterator();
        }

        @Override
        public boolean hasNext() {
            long passed = 0;
            while (next == null && all.hasNext()) {
                Map.Entry<String, Item> entry = all.next();
                passed++;
                if (!entry.getValue().isDeleted()) {
                    next = new SimpleImmutableEntry<>(entry.getKey(), Lists.last(entry.getValue()));
                }
            }
            if (doc != null) {
                doc.walk(passed);
            }
            return next != null;
        }

        @Override
        public Map.Entry<String, @Nullable Object> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Map.Entry<String, @Nullable Object> now = Objects.requireNonNull(next);
            next = null;
            return now;
        }
    }

    static Map<String, @Nullable Object> of(Branch branch, Snapshot snapshot) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        if (branch.hasMap()) {
            branch.map().forEach((key, newest) -> {
                Item item = newest;
                while (item != null && !snapshot.knows(item)) {
                    item = item.left;
                }
                if (item != null && snapshot.shows(item) && item.isCountable()) {
                    all.put(key, Lists.last(item));
                }
            });
        }
        return Collections.unmodifiableMap(all);
    }
}
