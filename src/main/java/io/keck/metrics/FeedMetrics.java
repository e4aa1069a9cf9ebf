package io.keck.metrics;

import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Receives the events of the change feed and of answers over HTTP, to be counted. Implementations are thread-safe and
 * fast.
 */
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

    /** Supplies a gauge of open streams, readable at any time from any thread. */
    default void watchStreams(IntSupplier streams) {}

    /** Supplies gauges of deliveries, readable at any time from any thread. */
    default void watchDeliveries(IntSupplier backlog, DoubleSupplier oldestSeconds) {}

    /** Supplies figures of large answers, readable at any time from any thread. */
    default void watchAnswers(LongSupplier spooledBytes, LongSupplier refused, LongSupplier overRate) {}

    /** An event was sent to one stream. */
    default void eventSent() {}

    /** A delivery attempt has ended. */
    default void delivered(Outcome outcome) {}
}
