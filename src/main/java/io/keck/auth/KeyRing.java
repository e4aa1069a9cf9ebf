package io.keck.auth;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The keys that sign tokens. Thread-safe. */
interface KeyRing {
    /**
     * Keys of that algorithm that may have signed a token which names that key. May ask a server, for a bounded time.
     *
     * @param id null where the token names none
     * @throws RefusedException with {@link io.keck.access.Fault#UNAVAILABLE} where the keys are not known now
     */
    List<VerificationKey> find(String algorithm, @Nullable String id) throws RefusedException;

    /** Changes whenever a key was taken away. */
    long generation();

    /** Those that never change. */
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

    /** Those of that algorithm whose id is that one, or either side has none. */
    static List<VerificationKey> matching(List<VerificationKey> keys, String algorithm, @Nullable String id) {
        return keys.stream()
                .filter(key -> key.algorithm().equals(algorithm)
                        && (id == null || key.id() == null || key.id().equals(id)))
                .toList();
    }
}
