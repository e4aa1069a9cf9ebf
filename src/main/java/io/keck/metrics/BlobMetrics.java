package io.keck.metrics;

/** What happens to blobs, told to whoever counts. Implementations are thread-safe and quick. */
public interface BlobMetrics {
    /** Counts nothing. */
    BlobMetrics NONE = new BlobMetrics() {};

    /** How an upload that stored nothing ended. */
    enum Refusal {
        /** The client went away or sent nonsense. */
        ABORTED,
        /** It was larger than allowed. */
        TOO_LARGE,
        /** The client was too slow. */
        TOO_SLOW,
        /** So many transfers are under way already. */
        TOO_MANY,
        /** The database did not do its part. */
        UNAVAILABLE
    }

    /**
     * An upload was published.
     *
     * @param bytes its size
     * @param duplicate whether the workspace had the blob already
     */
    default void uploaded(long bytes, boolean duplicate) {}

    /** A transfer was refused or given up. */
    default void refused(Refusal why) {}

    /** A blob, or a range of one, was sent to its end. */
    default void downloaded(long bytes) {}

    /** A client went away in the middle of a download, or took it too slowly. */
    default void downloadAborted() {}

    /** A blob was deleted by a client. */
    default void deleted() {}

    /** The bytes of something that nobody can see any more were removed from the database. */
    default void swept(long bytes) {}

    /** The sweeper could not do its work; it tries again. */
    default void sweepFailed() {}
}
