package io.keck.room;

/**
 * What one document may be. At a limit the document takes deletions and nothing else from its writers ({@link
 * DocumentGrowth}); a document that is above a limit already is loaded and read as any other. Immutable.
 *
 * @param maxBytes bytes of the document in wire format V1
 * @param maxClients client ids that have written in it: each browser tab draws one of its own
 * @param maxStructs runs of content and of deleted content: what an insertion between others adds to
 * @param maxSteps of integration before back ends are refused: struct by struct, and item by item that another one has to
 *     pass to find its place. Above it, each byte of the document gives 16 more
 */
public record DocumentLimits(long maxBytes, int maxClients, long maxStructs, long maxSteps) {
    private static final long STEPS = 100_000_000;

    /** No limits, but that of steps. */
    public static final DocumentLimits NONE =
            new DocumentLimits(Long.MAX_VALUE / 4, Integer.MAX_VALUE, Long.MAX_VALUE / 4, STEPS);

    /** 64 MiB, 100,000 clients, 2,000,000 structs, 100,000,000 steps. */
    public static final DocumentLimits DEFAULT = new DocumentLimits(64L << 20, 100_000, 2_000_000, STEPS);

    /** With the default of {@link #maxSteps}. */
    public DocumentLimits(long maxBytes, int maxClients, long maxStructs) {
        this(maxBytes, maxClients, maxStructs, STEPS);
    }

    /** The same with another {@link #maxSteps}. */
    public DocumentLimits withSteps(long steps) {
        return new DocumentLimits(maxBytes, maxClients, maxStructs, steps);
    }
}
