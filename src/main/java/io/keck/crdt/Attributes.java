package io.keck.crdt;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
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
