package io.keck.webhook;

/**
 * How deliveries are made. Immutable.
 *
 * @param concurrency deliveries under way at the same time
 * @param spacing milliseconds between two deliveries of one room: what comes meanwhile goes with the next
 * @param maxBackoff milliseconds between two attempts, at most
 * @param lease milliseconds for which another node waits for a sign of life of the one that delivers
 * @param maxBytes bytes of updates in one delivery, roughly
 * @param documentHeap bytes for documents of rooms that change now
 */
record Settings(int concurrency, long spacing, long maxBackoff, long lease, long maxBytes, long documentHeap) {
    /** 16, 2 s, 5 min, 10 s, 64 KiB, 64 MiB. */
    static final Settings DEFAULT = new Settings(16, 2_000, 300_000, 10_000, 64 << 10, 64 << 20);
}
