package io.keck.crdt;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Copies maps; the copies keep the order of keys and may hold null values. */
final class Maps {
    private Maps() {}

    static Map<String, @Nullable Object> copy(Map<String, ? extends @Nullable Object> map) {
        return map.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
}
