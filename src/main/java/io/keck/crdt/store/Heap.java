package io.keck.crdt.store;

/** Sizes on the heap of a 64-bit JVM with compressed references, the default for heaps below 32 GB. */
final class Heap {
    private Heap() {}

    /**
     * The size of an array whose elements take {@code bytes}: 16 bytes of header, and the elements rounded up to a
     * multiple of 8.
     */
    static long array(long bytes) {
        return 16 + ((bytes + 7) & ~7L);
    }
}
