package io.keck.access;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Key-value pairs of a credential that are recorded with its changes: at most 8, with at most 256 bytes of UTF-8
 * together.
 */
public final class Attributes {
    /** The largest number of pairs. */
    public static final int MAX_PAIRS = 8;
    /** The largest number of bytes of UTF-8 of all keys and values together. */
    public static final int MAX_BYTES = 256;

    private Attributes() {}

    /**
     * Checks attributes and copies them, sorted by key.
     *
     * @throws IllegalArgumentException with a sentence, if there are too many
     */
    public static Map<String, String> checked(Map<String, String> attributes) {
        int bytes = 0;
        for (Map.Entry<String, String> pair : attributes.entrySet()) {
            bytes += pair.getKey().getBytes(StandardCharsets.UTF_8).length;
            bytes += pair.getValue().getBytes(StandardCharsets.UTF_8).length;
        }
        if (attributes.size() > MAX_PAIRS || bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "There may be " + MAX_PAIRS + " attributes with " + MAX_BYTES + " bytes together.");
        }
        return Collections.unmodifiableMap(new TreeMap<>(attributes));
    }
}
