package io.keck.room;

/**
 * What one document may be. At a limit the document takes deletions and nothing else from its writers ({@link
 * DocumentGrowth}); a document that is above a limit already is loaded and read as any other. Immutable.
 *
 * @param maxBytes bytes of the document in wire format V1
 * @param maxClients client ids that have written in it: each browser tab draws one of its own
 * @param maxStructs runs of content and of deleted content: what an insertion between others adds to
 */
public record DocumentLimits(long maxBytes, int maxClients, long maxStructs) {
    /** No limits. */
    public static final DocumentLimits NONE =
            new DocumentLimits(Long.MAX_VALUE / 4, Integer.MAX_VALUE, Long.MAX_VALUE / 4);

    /** 64 MiB, 100,000 clients, 2,000,000 structs. */
    public static final DocumentLimits DEFAULT = new DocumentLimits(64L << 20, 100_000, 2_000_000);
}
