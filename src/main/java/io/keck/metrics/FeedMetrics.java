package io.keck.metrics;

import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;

/** What happens to the change feed, told to whoever counts. Implementations are thread-safe and quick. */
public interface FeedMetrics {
    /** Counts nothing. */
    FeedMetrics NONE = new FeedMetrics() {};

    /** How an attempt to deliver ended. */
    enum Outcome {
        /** The receiver took it. */
        OK,
        /** It did not, or not in time; it is tried again. */
        FAILED,
        /** It took the news that changes are missing. */
        RESYNC
    }

    /** Tells where the number of open streams can be read at any time, from any thread. */
    default void watchStreams(IntSupplier streams) {}

    /** Tells where figures of deliveries can be read at any time, from any thread. */
    default void watchDeliveries(IntSupplier backlog, DoubleSupplier oldestSeconds) {}

    /** An event was handed to one stream. */
    default void eventSent() {}

    /** An attempt to deliver has ended. */
    default void delivered(Outcome outcome) {}
}
