package io.keck.metrics;

import java.util.function.BooleanSupplier;

/** What happens on the bus, told to whoever counts. Implementations are thread-safe and quick. */
public interface BusMetrics {
    /** Counts nothing. */
    BusMetrics NONE = new BusMetrics() {};

    /** Why something that came was not taken in. */
    enum Refusal {
        /** Bytes that do not hold what their checksum promises, or that cannot be read. */
        DAMAGED,
        /** Of another cluster, or of a release that says more than this one knows. */
        ALIEN,
        /** Not signed by a node of this database, repeated, or too old. */
        FORGED
    }

    /** Tells whether there is to be a bus at all, and where its health can be read at any time, from any thread. */
    default void watch(boolean isConfigured, BooleanSupplier isHealthy) {}

    /** Something was handed to the bus. */
    default void published(int bytes) {}

    /** What was handed to the bus so many nanoseconds ago has been taken by Redis. */
    default void acknowledged(long nanos) {}

    /** Something was not published: the bus is away, or too much waits for it. */
    default void dropped() {}

    /** Something was too large for the bus; other nodes are told to read the log instead. */
    default void tooLarge() {}

    /**
     * Something came from another node.
     *
     * @param millis since it was sent, by the clocks of both
     */
    default void received(int bytes, long millis) {}

    /** Something came and was not taken in. */
    default void refused(Refusal why) {}

    /** Our own beat is back. */
    default void beat(long nanos) {}

    /** All channels are subscribed, at first or again. */
    default void connected() {}

    /** A connection broke, or could not be made. */
    default void disconnected() {}

    /** So many other nodes are heard of, and so many bytes wait to be published; told with every beat. */
    default void looked(int others, long queuedBytes) {}

    /** A node is not heard of any more. */
    default void nodeGone() {}
}
