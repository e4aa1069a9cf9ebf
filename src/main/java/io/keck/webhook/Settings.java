package io.keck.webhook;

/**
 * The settings of deliveries. Immutable.
 *
 * @param concurrency the number of deliveries under way at the same time
 * @param spacing milliseconds between two deliveries of one room; changes in between go with the next delivery
 * @param maxSpacing the largest value of that time while many rooms change at once; see {@link #spacing(int)}
 * @param maxBackoff the longest time between two attempts, in milliseconds
 * @param lease milliseconds for which another node waits for a sign of life of the node that delivers
 * @param maxBytes the approximate size of the updates in one delivery, in bytes
 * @param documentHeap bytes of heap for the documents of rooms that are changing
 * @param maxDocumentSteps the steps of integration that the document of a room may take; see {@link io.keck.feed.Histories#at}
 */
record Settings(
        int concurrency,
        long spacing,
        long maxSpacing,
        long maxBackoff,
        long lease,
        long maxBytes,
        long documentHeap,
        long maxDocumentSteps) {
    /**
     * The rate above which deliveries are put off, up to {@code maxSpacing}: a delivery costs as much as the commits of
     * some edits.
     */
    private static final long DELIVERIES_A_SECOND = 100;

    /** 16, 2 s, 5 s, 5 min, 10 s, 64 KiB, 64 MiB, 100,000,000. */
    static final Settings DEFAULT = new Settings(16, 2_000, 5_000, 300_000, 10_000, 64 << 10, 64 << 20, 100_000_000);

    /**
     * Milliseconds between two deliveries of a room while {@code rooms} rooms change: load makes deliveries larger, not
     * more frequent.
     */
    long spacing(int rooms) {
        return Math.max(spacing, Math.min(maxSpacing, rooms * 1_000L / DELIVERIES_A_SECOND));
    }
}
