package io.keck.crdt;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * When two values of a format count as one. Which marks an edit sets and deletes hangs on it, so it is as in Yjs: objects
 * and arrays are compared one level deep, or only as to whether they are the same object. Source: Yjs {@code YText.js}
 * {@code equalAttrs}.
 */
final class Formats {
    private Formats() {}

    /** Whether they are the same, objects one level deep. */
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

    /** Whether they are the same, as JavaScript's {@code ===} says. */
    @SuppressWarnings("ReferenceEquality") // that is what it says of objects
    static boolean identical(@Nullable Object a, @Nullable Object b) {
        boolean isObject = a instanceof Map || a instanceof List;
        return isObject ? a == b : Objects.equals(a, b);
    }
}
