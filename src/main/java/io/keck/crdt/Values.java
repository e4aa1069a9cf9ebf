package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.TextBuffer;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Converts values of a user to the form in which they would arrive over the wire; see {@link Any}. */
final class Values {
    private static final int MAX_BITS = 63;
    private static final long MAX_EXACT = 1L << 53;
    private static final int MAX_DEPTH = DecodeLimits.DEFAULT.maxValueDepth();

    private Values() {}

    /**
     * Returns a copy that other code cannot change, with numbers as Double.
     *
     * @throws IllegalArgumentException if it is not a JavaScript value, is nested deeper than a peer would accept, or
     *     is a number that JavaScript cannot hold
     */
    static @Nullable Object normal(@Nullable Object value) {
        return normal(value, 0);
    }

    private static @Nullable Object normal(@Nullable Object value, int depth) {
        if (value == null || value == Any.UNDEFINED || value instanceof Boolean || value instanceof Double) {
            return value;
        }
        if (value instanceof String string) {
            return wellFormed(string);
        }
        if (value instanceof BigInteger big) {
            if (big.bitLength() > MAX_BITS) {
                throw new IllegalArgumentException("a BigInteger must fit into 64 bits");
            }
            return big;
        }
        if (value instanceof Long number && (number > MAX_EXACT || number < -MAX_EXACT)) {
            throw new IllegalArgumentException("not a number that JavaScript can hold: " + number);
        }
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        if (value instanceof byte[] bytes) {
            return bytes.clone();
        }
        if (depth >= MAX_DEPTH) {
            throw new IllegalArgumentException("values nest deeper than " + MAX_DEPTH);
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> copy = new ArrayList<>(list.size());
            for (Object element : list) {
                copy.add(normal(element, depth + 1));
            }
            return Collections.unmodifiableList(copy);
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> copy = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (!(entry.getKey() instanceof String key)) {
                    throw new IllegalArgumentException("a key must be a String, not " + entry.getKey());
                }
                copy.put(wellFormed(key), normal(entry.getValue(), depth + 1));
            }
            return Collections.unmodifiableMap(copy);
        }
        throw new IllegalArgumentException(
                "not a JavaScript value: " + value.getClass().getName());
    }

    /** Replaces lone surrogates by U+FFFD, as encoding would. */
    static String wellFormed(String s) {
        for (int i = 0; i < s.length(); i++) {
            if (Character.isSurrogate(s.charAt(i))) {
                TextBuffer clean = new TextBuffer();
                clean.append(s);
                StringBuilder out = new StringBuilder();
                clean.appendTo(out, 0, clean.length());
                return out.toString();
            }
        }
        return s;
    }
}
