package io.keck.api;

/**
 * What clients may do with blobs. Immutable.
 *
 * @param maxSize bytes of an upload
 * @param maxTransfers uploads and downloads at the same time
 * @param maxTransfersPerAddress the most of them that one address may have
 * @param minRate bytes a second below which a client is given up
 */
public record BlobLimits(long maxSize, int maxTransfers, int maxTransfersPerAddress, long minRate) {
    /** The same where one address may have all transfers. */
    public BlobLimits(long maxSize, int maxTransfers, long minRate) {
        this(maxSize, maxTransfers, maxTransfers, minRate);
    }

    /** What a client is told that exceeds the first. */
    String tooLarge() {
        return "A blob may have " + maxSize + " bytes at most.";
    }
}
