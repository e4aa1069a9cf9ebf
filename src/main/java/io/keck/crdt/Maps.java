package io.keck.crdt;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Copies of maps that keep their order and may hold null. */
final class Maps {
    private Maps() {}

    static Map<String, @Nullable Object> copy(Map<String, ? extends @Nullable Object> map) {
        return map.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
}
