package io.keck.metrics;

import java.util.function.BooleanSupplier;

/** Receives the events of the bus, to be counted. Implementations are thread-safe and fast. */
public interface BusMetrics {
    /** Counts nothing. */
    BusMetrics NONE = new BusMetrics() {};

    /** The reason why a received message was dropped. */
    enum Refusal {
        /** The checksum does not match, or the bytes cannot be decoded. */
        DAMAGED,
        /** The message is from another cluster, or of a kind that this release does not know. */
        ALIEN,
        /** The message is not signed by a node of this database, or is a replay, or is too old. */
        FORGED
    }

    /**
     * Supplies a gauge of the bus's health, readable at any time from any thread, and says whether a bus is configured
     * at all.
     */
    default void watch(boolean isConfigured, BooleanSupplier isHealthy) {}

    /** A message was queued for publishing. */
    default void published(int bytes) {}

    /** Redis acknowledged a message {@code nanos} nanoseconds after it was queued. */
    default void acknowledged(long nanos) {}

    /** A message was not published, because the bus is disconnected or its queue is full. */
    default void dropped() {}

    /** A message was too large for the bus; other nodes were asked to read the log instead. */
    default void tooLarge() {}

    /**
     * A message from another node was received.
     *
     * @param millis milliseconds between sending and receiving, by the clocks of the two nodes
     */
    default void received(int bytes, long millis) {}

    /** A received message was dropped. */
    default void refused(Refusal why) {}

    /** This node's own beat came back after {@code nanos} nanoseconds. */
    default void beat(long nanos) {}

    /** All channels are subscribed, after a first connection or a reconnection. */
    default void connected() {}

    /** A connection broke or could not be established. */
    default void disconnected() {}

    /** Reports with every beat the number of other live nodes and the bytes queued for publishing. */
    default void looked(int others, long queuedBytes) {}

    /** Another node timed out. */
    default void nodeGone() {}
}
