package io.keck.metrics;

import io.keck.protocol.AwarenessState;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/** What connections tell of themselves to whoever counts. Implementations are thread-safe and quick: each frame calls. */
public interface ConnectionMetrics {
    /** A connection from that address is the first in a room that nobody has made. */
    default void beganRoom(String address) {}

    /** Counts nothing. */
    ConnectionMetrics NONE = new ConnectionMetrics() {};

    /** What a message is, by its first bytes. */
    enum Kind {
        /** How far a peer is. */
        STEP1,
        /** What a peer lacks. */
        STEP2,
        /** A change. */
        UPDATE,
        /** Cursors, and who is there. */
        AWARENESS,
        /** Anything else. */
        OTHER;

        private static final Kind[] SYNC = {STEP1, STEP2, UPDATE};

        /** Looks at a message as it is on the wire; one of several parts is what its first part is. */
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

    /** What of a connection's messages was ignored: Keck does not know it, or has no use for it. */
    enum Ignored {
        /** A text frame. */
        TEXT,
        /** A message of an unknown type. */
        TYPE,
        /** A sync message with an unknown step. */
        SYNC,
        /** An auth message of an unknown kind. */
        AUTH,
        /** A message about a document that its connection is not in. */
        OUTSIDE,
        /** A string for the server, from a client of Hocuspocus. */
        STATELESS,
        /** A string for all clients, from a client of Hocuspocus. */
        BROADCAST
    }

    /** Tells where figures can be read at any time, from any thread. */
    default void watch(IntSupplier open, IntSupplier slow, IntSupplier held, LongSupplier backlogBytes) {}

    /** Tells where the bytes that were beyond the rate of their address can be read at any time, from any thread. */
    default void watchFlow(LongSupplier received, LongSupplier sent) {}

    /** A connection was opened. */
    default void opened() {}

    /** A message of so many bytes came from a peer. */
    default void received(Kind kind, int bytes) {}

    /** A message that came from a peer was ignored. */
    default void ignored(Ignored what) {}

    /** A part of an awareness message that came from a peer was dropped. */
    default void awarenessDropped(AwarenessState.Fault why) {}

    /** A message of so many bytes was queued for a peer. */
    default void sent(Kind kind, int bytes) {}

    /** A message that was queued so many milliseconds ago was taken by the network. */
    default void written(long millis) {}

    /** A connection has ended with that WebSocket close code, whoever gave it; 1006 where nobody did. */
    default void closed(int code) {}

    /** A connection was refused with that HTTP status. */
    default void refused(int status) {}
}
