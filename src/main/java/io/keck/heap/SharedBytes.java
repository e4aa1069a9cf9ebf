package io.keck.heap;

import java.util.concurrent.ConcurrentHashMap;

/**
 * Accounts for large arrays that several holders share, such as a frame that waits for many sockets: each is counted once.
 * With one holder it is charged to that holder, with two or more to the room. Thread-safe.
 */
public final class SharedBytes {
    /** Holders count arrays below this size, in bytes, for themselves. */
    public static final int LARGE = 16 << 10;

    private record Key(byte[] bytes) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && key.bytes == bytes;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(bytes);
        }
    }

    /** Accessed only inside {@link ConcurrentHashMap#compute}. */
    private static final class Entry {
        private final Tally first;
        private Tally counted;
        private int holders;

        Entry(Tally first) {
            this.first = first;
            this.counted = first;
        }
    }

    private final HeapLedger ledger;
    private final ConcurrentHashMap<Key, Entry> entries = new ConcurrentHashMap<>();

    SharedBytes(HeapLedger ledger) {
        this.ledger = ledger;
    }

    /** Adds a holder of that array, which has at least {@link #LARGE} bytes. */
    public void hold(byte[] bytes, Tally holder) {
        entries.compute(new Key(bytes), (key, present) -> {
            Entry entry = present == null ? new Entry(holder) : present;
            entry.holders++;
            if (present == null) {
                holder.add(bytes.length);
            } else if (entry.counted == entry.first && holder != entry.first) {
                entry.counted.add(-bytes.length);
                entry.counted = ledger.ofTheRoom(entry.first);
                entry.counted.add(bytes.length);
            }
            return entry;
        });
    }

    /** Removes one holder of that array. */
    public void release(byte[] bytes) {
        entries.computeIfPresent(new Key(bytes), (key, entry) -> {
            if (--entry.holders > 0) {
                return entry;
            }
            entry.counted.add(-bytes.length);
            if (entry.counted != entry.first) {
                entry.counted.close();
            }
            return null;
        });
    }

    /** The number of shared arrays. */
    int size() {
        return entries.size();
    }
}
