package io.keck.metrics;

import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/** Receives the events of the change feed and of answers over HTTP, to be counted. Implementations are thread-safe and fast. */
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

    /** Tells where the number of open streams can be read at any time, from any thread. */
    default void watchStreams(IntSupplier streams) {}

    /** Tells where figures of deliveries can be read at any time, from any thread. */
    default void watchDeliveries(IntSupplier backlog, DoubleSupplier oldestSeconds) {}

    /** Tells where figures of large answers can be read at any time, from any thread. */
    default void watchAnswers(LongSupplier spooledBytes, LongSupplier refused, LongSupplier overRate) {}

    /** An event was handed to one stream. */
    default void eventSent() {}

    /** An attempt to deliver has ended. */
    default void delivered(Outcome outcome) {}
}
