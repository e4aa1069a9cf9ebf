package io.keck.crdt.store;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A map from client ids to values, without boxing. Uses open addressing over a power of two. Peers choose client ids,
 * so the hash is keyed with a secret of this process; otherwise a few thousand chosen ids would turn every look-up into
 * a long walk. Only {@link #clear} removes entries. Not thread-safe. Internal: shared with {@code io.keck.crdt}, and
 * free to change with every release.
 */
public final class LongMap<V> {
    private static final long HASH_KEY = new SecureRandom().nextLong();

    private long[] keys = new long[4];
    private @Nullable Object[] values = new Object[4];
    private int size;

    /** Creates an empty map. */
    public LongMap() {}

    /** The number of entries. */
    public int size() {
        return size;
    }

    /** The value of a key, or null if there is none. */
    public @Nullable V get(long key) {
        return at(slot(keys, values, key));
    }

    @SuppressWarnings("unchecked") // only put fills the slots
    private @Nullable V at(int slot) {
        return (V) values[slot];
    }

    /** Sets the value of a key; replaces an earlier one. */
    public void put(long key, V value) {
        int slot = slot(keys, values, key);
        if (values[slot] == null) {
            if (++size * 2 > keys.length) {
                grow();
                slot = slot(keys, values, key);
            }
            keys[slot] = key;
        }
        values[slot] = value;
    }

    /** Removes all entries. */
    public void clear() {
        keys = new long[4];
        values = new Object[4];
        size = 0;
    }

    /** Passes on all values, in no particular order. The map must not be changed meanwhile. */
    public void forEach(Consumer<V> consumer) {
        for (int i = 0; i < values.length; i++) {
            V value = at(i);
            if (value != null) {
                consumer.accept(value);
            }
        }
    }

    /** All keys, ascending. */
    public long[] sortedKeys() {
        long[] all = new long[size];
        int n = 0;
        for (int i = 0; i < values.length; i++) {
            if (values[i] != null) {
                all[n++] = keys[i];
            }
        }
        Arrays.sort(all);
        return all;
    }

    private void grow() {
        long[] biggerKeys = new long[keys.length * 2];
        @Nullable Object[] bigger = new Object[biggerKeys.length];
        for (int i = 0; i < keys.length; i++) {
            if (values[i] != null) {
                int slot = slot(biggerKeys, bigger, keys[i]);
                biggerKeys[slot] = keys[i];
                bigger[slot] = values[i];
            }
        }
        keys = biggerKeys;
        values = bigger;
    }

    private static int slot(long[] keys, @Nullable Object[] values, long key) {
        long h = (key ^ HASH_KEY) * 0xff51afd7ed558ccdL;
        h = (h ^ (h >>> 32) ^ HASH_KEY) * 0xc4ceb9fe1a85ec53L;
        int mask = keys.length - 1;
        int slot = (int) (h >>> 33) & mask;
        while (values[slot] != null && keys[slot] != key) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }
}
