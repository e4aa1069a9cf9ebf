package io.keck.auth;

import io.keck.access.Caller;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Callers whose credential was verified, by its hash: verifying a signature costs more than the rest of a small request. An
 * entry ends with its credential at the latest. Bounded: the least recently used entry goes first. Thread-safe.
 */
final class CallerCache {
    static final int MAX = 10_000;
    private static final int SHARDS = 16;

    /** @param until when the credential has to be verified again, in milliseconds since 1970 */
    private record Entry(Caller caller, long generation, long until) {}

    private static final class Shard extends LinkedHashMap<String, Entry> {
        private static final long serialVersionUID = 1L;

        Shard() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Entry> eldest) {
            return size() > MAX / SHARDS;
        }
    }

    private final Shard[] shards = new Shard[SHARDS];

    CallerCache() {
        for (int i = 0; i < SHARDS; i++) {
            shards[i] = new Shard();
        }
    }

    private Shard shard(String key) {
        return shards[Math.floorMod(key.hashCode(), SHARDS)];
    }

    /** @param generation the current generation of the keys; entries of older ones have ended */
    @Nullable
    Caller get(String key, long generation, long now) {
        Shard shard = shard(key);
        synchronized (shard) {
            Entry entry = shard.get(key);
            if (entry == null) {
                return null;
            }
            if (entry.generation() != generation || now >= entry.until()) {
                shard.remove(key);
                return null;
            }
            return entry.caller();
        }
    }

    void put(String key, Caller caller, long generation, long until) {
        Shard shard = shard(key);
        synchronized (shard) {
            shard.put(key, new Entry(caller, generation, until));
        }
    }

    /** Drops the entries of a principal, or all if it is empty. */
    void forget(String principal) {
        for (Shard shard : shards) {
            synchronized (shard) {
                shard.values()
                        .removeIf(entry -> principal.isEmpty()
                                || entry.caller().principal().id().equals(principal));
            }
        }
    }

    int size() {
        int size = 0;
        for (Shard shard : shards) {
            synchronized (shard) {
                size += shard.size();
            }
        }
        return size;
    }
}
