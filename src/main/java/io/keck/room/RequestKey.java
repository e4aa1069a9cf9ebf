package io.keck.room;

import org.jspecify.annotations.Nullable;

/**
 * Identifies a write, so that its repetition is recognised. Immutable.
 *
 * @param key the Idempotency-Key that the client chose
 * @param fingerprint the fingerprint of the request, as {@code <kind> <digest>}; the kind says what was digested, and
 *     only fingerprints of the same kind can be compared
 */
public record RequestKey(String key, String fingerprint) {
    /**
     * Whether the key was used for a different request.
     *
     * @param known the fingerprint that was stored with the key; null if none was, as in earlier releases
     */
    public boolean contradicts(@Nullable String known) {
        return known != null && kind(known).equals(kind(fingerprint)) && !known.equals(fingerprint);
    }

    private static String kind(String fingerprint) {
        return fingerprint.substring(0, Math.max(0, fingerprint.indexOf(' ')));
    }
}
