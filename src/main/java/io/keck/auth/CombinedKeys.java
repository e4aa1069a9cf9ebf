package io.keck.auth;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keys of the configuration, and after them those of an identity provider. Thread-safe. */
record CombinedKeys(KeyRing first, KeyRing second) implements KeyRing {
    @Override
    public List<VerificationKey> find(String algorithm, @Nullable String id) throws RefusedException {
        List<VerificationKey> found = first.find(algorithm, id);
        if (!found.isEmpty() && found.stream().allMatch(key -> key.id() != null)) {
            return found;
        }
        if (algorithm.equals(VerificationKey.HS256)) {
            return found; // never ask a provider for a secret: it publishes public keys only
        }
        List<VerificationKey> all = new ArrayList<>(found);
        all.addAll(second.find(algorithm, id));
        return all;
    }

    @Override
    public long generation() {
        return first.generation() + second.generation();
    }
}
