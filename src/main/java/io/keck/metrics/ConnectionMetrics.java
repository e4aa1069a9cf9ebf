package io.keck.metrics;

import io.keck.protocol.AwarenessState;
import io.keck.protocol.Dialect;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Receives the events of connections, to be counted. Implementations are thread-safe, and fast because every frame is
 * reported.
 */
public interface ConnectionMetrics {
    /** A connection from this address is the first in a room that did not exist before. */
    default void beganRoom(String address) {}

    /** Counts nothing. */
    ConnectionMetrics NONE = new ConnectionMetrics() {};

    /** The kind of a message, by its first bytes. */
    enum Kind {
        /** Sync step 1: the peer's state vector. */
        STEP1,
        /** Sync step 2: what the peer lacks. */
        STEP2,
        /** A sync update: a change. */
        UPDATE,
        /** Awareness: cursors and presence. */
        AWARENESS,
        /** Anything else. */
        OTHER;

        private static final Kind[] SYNC = {STEP1, STEP2, UPDATE};

        /**
         * Returns the kind of a message in wire format; several messages in one frame count as the kind of the first.
         */
        public static Kind of(byte[] message) {
            if (message.length < 2) {
                return OTHER;
            }
            if (message[0] == 0) {
                int step = message[1];
                return step >= 0 && step < SYNC.length ? SYNC[step] : OTHER;
            }
            return message[0] == 1 ? AWARENESS : OTHER;
        }
    }

    /** The kind of a message that was ignored because Keck does not know it or has no use for it. */
    enum Ignored {
        /** A text frame. */
        TEXT,
        /** A message of an unknown type. */
        TYPE,
        /** A sync message with an unknown step. */
        SYNC,
        /** An auth message of an unknown kind. */
        AUTH,
        /** A message about a document that the connection has not joined. */
        OUTSIDE,
        /** A message of an application for back ends that is too long, or beyond the rate of its address. */
        STATELESS,
        /** A message of an application for all clients, from a Hocuspocus client. */
        BROADCAST
    }

    /** Returns metrics that also count by protocol. */
    default ConnectionMetrics of(Dialect dialect) {
        return this;
    }

    /** Supplies gauges that can be read at any time from any thread. */
    default void watch(IntSupplier open, IntSupplier slow, IntSupplier held, LongSupplier backlogBytes) {}

    /** Supplies counters of the bytes beyond the rate of their address, readable at any time from any thread. */
    default void watchFlow(LongSupplier received, LongSupplier sent) {}

    /** A connection was opened. */
    default void opened() {}

    /** A message of {@code bytes} bytes was received from a peer. */
    default void received(Kind kind, int bytes) {}

    /** A message from a peer was ignored. */
    default void ignored(Ignored what) {}

    /** A part of an awareness message from a peer was dropped. */
    default void awarenessDropped(AwarenessState.Fault why) {}

    /** A message of {@code bytes} bytes was queued for a peer. */
    default void sent(Kind kind, int bytes) {}

    /** The network accepted a message {@code millis} milliseconds after it was queued. */
    default void written(long millis) {}

    /** A connection ended with a WebSocket close code from either side; 1006 if neither side sent one. */
    default void closed(int code) {}

    /** A connection was refused with an HTTP status. */
    default void refused(int status) {}
}
