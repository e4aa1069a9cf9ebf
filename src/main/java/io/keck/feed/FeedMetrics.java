package io.keck.feed;

/** Receives the events of the change feed, to be counted. Implementations are thread-safe and fast. */
public interface FeedMetrics {
    /** Counts nothing. */
    FeedMetrics NONE = new FeedMetrics() {};

    /** The outcome of an attempt to deliver. */
    enum Outcome {
        /** The receiver accepted the delivery. */
        OK,
        /** The receiver did not accept the delivery, or not in time; it is retried. */
        FAILED,
        /** The receiver accepted the notice that changes are missing. */
        RESYNC
    }

    /** An event was handed to one stream. */
    default void eventSent() {}

    /** An attempt to deliver has ended. */
    default void delivered(Outcome outcome) {}
}
