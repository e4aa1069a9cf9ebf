package io.keck.api;

/**
 * The limits of blobs. Immutable.
 *
 * @param maxSize the largest upload in bytes
 * @param maxTransfers the largest number of concurrent uploads and downloads
 * @param maxTransfersPerAddress the largest number of them for one address
 * @param minRate the bytes per second below which a transfer is aborted
 */
public record BlobLimits(long maxSize, int maxTransfers, int maxTransfersPerAddress, long minRate) {
    /** Creates limits under which one address may have all transfers. */
    public BlobLimits(long maxSize, int maxTransfers, long minRate) {
        this(maxSize, maxTransfers, maxTransfers, minRate);
    }

    /** The sentence for an upload larger than {@code maxSize}. */
    String tooLarge() {
        return "A blob may have " + maxSize + " bytes at most.";
    }
}
