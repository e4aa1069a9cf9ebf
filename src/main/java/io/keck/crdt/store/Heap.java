package io.keck.crdt.store;

/** Sizes on the heap of a 64-bit JVM with compressed references, the usual one below 32 GB. */
final class Heap {
    private Heap() {}

    /** An array of so many bytes: its header, and all in steps of 8. */
    static long array(long bytes) {
        return 16 + ((bytes + 7) & ~7L);
    }
}
