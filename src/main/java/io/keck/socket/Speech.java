package io.keck.socket;

import io.keck.metrics.ConnectionMetrics;
import io.keck.metrics.ConnectionMetrics.Ignored;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the protocol of one connection has beyond y-websocket's. It turns frames into those of y-websocket, and what the room
 * tells into frames; everything else is the same for all. Called by the thread that reads, except {@link #saved} and {@link
 * #isLate}.
 */
interface Speech {
    /** What a speech may have its connection do. */
    record Line(SocketConnection connection, Sockets sockets, Consumer<byte[]> frames, Consumer<CloseReason> offences) {
        /** A message came that y-websocket does not have. */
        void received(int bytes) {
            connection.metrics().received(ConnectionMetrics.Kind.OTHER, bytes);
        }

        /** A message was ignored. */
        void ignored(Ignored what) {
            sockets.metrics().ignored(what);
        }
    }

    /** That of y-websocket. */
    Speech PLAIN = new Speech() {
        @Override
        public byte[] binary(byte[] frame) {
            return frame;
        }

        @Override
        public void text(String text) {}
    };

    /** That of a door. */
    static Speech of(Door door, Line line) {
        return door == Door.Y_SWEET ? new YSweetSpeech(line) : new PartySpeech(line);
    }

    /** A binary message came; the message of y-websocket to deal with, or null where there is none and it was counted. */
    byte @Nullable [] binary(byte[] frame);

    /** A whole text message came. */
    void text(String text);

    /** Those messages are given to the room. */
    default void given(List<Message> messages) {}

    /** An update was refused, and not given to the room. */
    default void refused() {}

    /** Whether it is told what is saved. */
    default boolean hearsOfSaved() {
        return false;
    }

    /** So many of the step 2s and updates that were given to the room are saved. */
    default void saved(long position) {}

    /** Whether a message takes longer than it may, by the clock of the sockets. */
    default boolean isLate(long now) {
        return false;
    }

    /** The connection has ended. */
    default void ended() {}
}
