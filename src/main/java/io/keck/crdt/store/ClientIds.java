package io.keck.crdt.store;

import java.security.SecureRandom;
import java.util.Arrays;

/**
 * Assigns small numbers to client ids, in the order in which they are added. Uses open addressing over a power of two.
 * Peers choose client ids, so the hash is keyed with a secret of this process; otherwise a few thousand chosen ids
 * would turn every look-up into a long walk. Ids are never removed. Not thread-safe.
 */
final class ClientIds {
    private static final long HASH_KEY = new SecureRandom().nextLong();
    private static final int FIRST_SIZE = 4;

    private long[] ids = new long[2];
    private int count;
    /** The number of a client plus one; 0 in a free slot. */
    private int[] slots = new int[FIRST_SIZE];

    int size() {
        return count;
    }

    long id(int number) {
        return ids[number];
    }

    /** The number of a client, or -1. */
    int find(long client) {
        return slots[slot(client)] - 1;
    }

    /** The number of a client; assigns the next one if it has none. */
    int number(long client) {
        int at = slot(client);
        if (slots[at] != 0) {
            return slots[at] - 1;
        }
        if (count * 2 >= slots.length) {
            rehash();
            at = slot(client);
        }
        if (count == ids.length) {
            ids = Arrays.copyOf(ids, count * 2);
        }
        ids[count++] = client;
        slots[at] = count;
        return count - 1;
    }

    private void rehash() {
        slots = new int[slots.length * 2];
        for (int i = 0; i < count; i++) {
            slots[slot(ids[i])] = i + 1;
        }
    }

    /** The slot of a client, or the free slot in which it would be put. */
    private int slot(long client) {
        long h = (client ^ HASH_KEY) * 0xff51afd7ed558ccdL;
        h = (h ^ (h >>> 32) ^ HASH_KEY) * 0xc4ceb9fe1a85ec53L;
        int mask = slots.length - 1;
        int at = (int) (h >>> 33) & mask;
        while (slots[at] != 0 && ids[slots[at] - 1] != client) {
            at = (at + 1) & mask;
        }
        return at;
    }

    /** Bytes on the heap. */
    long memory() {
        return 24 + Heap.array(8L * ids.length) + Heap.array(4L * slots.length);
    }
}
