package io.keck.crdt;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decides when two values of a format are equal. The marks that an edit inserts and deletes depend on it, so it works
 * as in Yjs: objects and arrays are compared one level deep, or only by identity. Source: Yjs {@code YText.js}
 * {@code equalAttrs}.
 */
final class Formats {
    private Formats() {}

    /** Whether two values are equal; objects and arrays are compared one level deep. */
    static boolean equal(@Nullable Object a, @Nullable Object b) {
        if (a instanceof Map<?, ?> one && b instanceof Map<?, ?> other) {
            if (one.size() != other.size()) {
                return false;
            }
            for (Map.Entry<?, ?> entry : one.entrySet()) {
                if (!other.containsKey(entry.getKey()) || !identical(entry.getValue(), other.get(entry.getKey()))) {
                    return false;
                }
            }
            return true;
        }
        if (a instanceof List<?> one && b instanceof List<?> other) {
            boolean same = one.size() == other.size();
            for (int i = 0; same && i < one.size(); i++) {
                same = identical(one.get(i), other.get(i));
            }
            return same;
        }
        return identical(a, b);
    }

    /** Whether two values are equal by JavaScript's {@code ===}. */
    @SuppressWarnings("ReferenceEquality") // === compares objects by identity
    static boolean identical(@Nullable Object a, @Nullable Object b) {
        boolean isObject = a instanceof Map || a instanceof List;
        return isObject ? a == b : Objects.equals(a, b);
    }
}
