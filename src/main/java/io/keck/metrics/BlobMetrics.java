package io.keck.metrics;

/** Receives the events of blobs, to be counted. Implementations are thread-safe and fast. */
public interface BlobMetrics {
    /** Counts nothing. */
    BlobMetrics NONE = new BlobMetrics() {};

    /** The reason why an upload stored nothing. */
    enum Refusal {
        /** The client disconnected or sent malformed data. */
        ABORTED,
        /** The upload was larger than allowed. */
        TOO_LARGE,
        /** The client was too slow. */
        TOO_SLOW,
        /** Too many transfers were under way already. */
        TOO_MANY,
        /** The database failed or did not answer. */
        UNAVAILABLE
    }

    /**
     * An upload was published.
     *
     * @param bytes its size
     * @param duplicate whether the document had the blob already
     */
    default void uploaded(long bytes, boolean duplicate) {}

    /** A transfer was refused or given up. */
    default void refused(Refusal why) {}

    /** A blob, or a range of one, was sent completely. */
    default void downloaded(long bytes) {}

    /** A client disconnected during a download, or read it too slowly. */
    default void downloadAborted() {}

    /** A blob was deleted by a client. */
    default void deleted() {}

    /** The bytes of content that is no longer visible were removed from the database. */
    default void swept(long bytes) {}

    /** The sweeper failed; it tries again. */
    default void sweepFailed() {}
}
