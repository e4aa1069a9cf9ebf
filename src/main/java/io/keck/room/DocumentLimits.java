package io.keck.room;

/**
 * The size limits of one document. At a limit the document accepts only deletions from its writers
 * ({@link DocumentGrowth}); a document above a limit is still loaded and read like any other. Immutable.
 *
 * @param maxBytes the bytes of the document encoded in V1
 * @param maxClients the number of client ids that have written in it; each browser tab draws its own
 * @param maxStructs the number of runs of content and of deleted content; an insertion between others adds to it
 * @param maxSteps the steps of integration after which back ends are refused: one per struct, and one per item that
 *     another item must pass to find its position. Each byte of the document adds 16
 */
public record DocumentLimits(long maxBytes, int maxClients, long maxStructs, long maxSteps) {
    private static final long STEPS = 100_000_000;

    /** No limits except that of steps. */
    public static final DocumentLimits NONE =
            new DocumentLimits(Long.MAX_VALUE / 4, Integer.MAX_VALUE, Long.MAX_VALUE / 4, STEPS);

    /** 64 MiB, 100,000 clients, 2,000,000 structs, 100,000,000 steps. */
    public static final DocumentLimits DEFAULT = new DocumentLimits(64L << 20, 100_000, 2_000_000, STEPS);

    /** Uses the default of {@link #maxSteps}. */
    public DocumentLimits(long maxBytes, int maxClients, long maxStructs) {
        this(maxBytes, maxClients, maxStructs, STEPS);
    }

    /** Returns the same limits with another {@link #maxSteps}. */
    public DocumentLimits withSteps(long steps) {
        return new DocumentLimits(maxBytes, maxClients, maxStructs, steps);
    }
}
