package io.keck.auth;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The keys that verify tokens. Thread-safe. */
interface KeyRing {
    /**
     * Finds the keys of an algorithm that may have signed a token. May ask a server, for a bounded time.
     *
     * @param id the key that the token names; null if it names none
     * @throws RefusedException with {@link io.keck.access.Fault#UNAVAILABLE} if the keys cannot be fetched now
     */
    List<VerificationKey> find(String algorithm, @Nullable String id) throws RefusedException;

    /** Returns a number that changes whenever a key was removed. */
    long generation();

    /** Returns keys that never change. */
    static KeyRing of(List<VerificationKey> keys) {
        List<VerificationKey> all = List.copyOf(keys);
        return new KeyRing() {
            @Override
            public List<VerificationKey> find(String algorithm, @Nullable String id) {
                return matching(all, algorithm, id);
            }

            @Override
            public long generation() {
                return 0;
            }
        };
    }

    /** Returns the keys of an algorithm whose id equals the given one, or where either has none. */
    static List<VerificationKey> matching(List<VerificationKey> keys, String algorithm, @Nullable String id) {
        return keys.stream()
                .filter(key -> key.algorithm().equals(algorithm)
                        && (id == null || key.id() == null || key.id().equals(id)))
                .toList();
    }
}
