package io.keck.room;

import org.jspecify.annotations.Nullable;

/**
 * What makes the repeat of a write known. Immutable.
 *
 * @param key the Idempotency-Key that the client chose
 * @param fingerprint of the request that it chose the key for, as {@code <kind> <digest>}: the kind tells what the digest
 *     is made of, and only fingerprints of one kind can be compared
 */
public record RequestKey(String key, String fingerprint) {
    /**
     * Whether the key stands for another request.
     *
     * @param known the fingerprint that was stored with the key; null where none was, as before keys stood for requests
     */
    public boolean contradicts(@Nullable String known) {
        return known != null && kind(known).equals(kind(fingerprint)) && !known.equals(fingerprint);
    }

    private static String kind(String fingerprint) {
        return fingerprint.substring(0, Math.max(0, fingerprint.indexOf(' ')));
    }
}
