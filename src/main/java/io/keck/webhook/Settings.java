package io.keck.webhook;

/**
 * How deliveries are made. Immutable.
 *
 * @param concurrency deliveries under way at the same time
 * @param spacing milliseconds between two deliveries of one room: what comes meanwhile goes with the next
 * @param maxSpacing the same while many rooms change at the same time, at most; see {@link #spacing(int)}
 * @param maxBackoff milliseconds between two attempts, at most
 * @param lease milliseconds for which another node waits for a sign of life of the one that delivers
 * @param maxBytes bytes of updates in one delivery, roughly
 * @param documentHeap bytes for documents of rooms that change now
 */
record Settings(
        int concurrency, long spacing, long maxSpacing, long maxBackoff, long lease, long maxBytes, long documentHeap) {
    /** More than that are put off, as far as that is allowed: a delivery costs as much as the commits of some edits. */
    private static final long DELIVERIES_A_SECOND = 100;

    /** 16, 2 s, 5 s, 5 min, 10 s, 64 KiB, 64 MiB. */
    static final Settings DEFAULT = new Settings(16, 2_000, 5_000, 300_000, 10_000, 64 << 10, 64 << 20);

    /** Milliseconds between two deliveries of a room while so many change: load makes deliveries larger, not more. */
    long spacing(int rooms) {
        return Math.max(spacing, Math.min(maxSpacing, rooms * 1_000L / DELIVERIES_A_SECOND));
    }
}
