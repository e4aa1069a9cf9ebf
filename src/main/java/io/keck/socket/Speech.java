package io.keck.socket;

import io.keck.metrics.ConnectionMetrics;
import io.keck.metrics.ConnectionMetrics.Ignored;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the protocol of a connection adds to y-websocket: it turns frames into messages of y-websocket, and news from the room
 * into frames; everything else is the same for all protocols. Called by the thread that reads, except {@link #saved}, {@link
 * #tell} and {@link #isLate}.
 */
interface Speech {
    /**
     * The parts of a connection that a speech may use.
     *
     * @param frames takes messages of y-websocket that came in another form
     * @param messages takes messages of the application for back ends
     * @param offences ends the connection for what it sent
     */
    record Line(
            SocketConnection connection,
            Sockets sockets,
            Consumer<byte[]> frames,
            Consumer<String> messages,
            Consumer<CloseReason> offences) {
        /** Counts a message that y-websocket does not have. */
        void received(int bytes) {
            connection.metrics().received(ConnectionMetrics.Kind.OTHER, bytes);
        }

        /** Counts an ignored message. */
        void ignored(Ignored what) {
            sockets.metrics().ignored(what);
        }
    }

    /** Plain y-websocket, which adds nothing. */
    Speech PLAIN = new Speech() {
        @Override
        public byte[] binary(byte[] frame) {
            return frame;
        }

        @Override
        public void text(String text) {}
    };

    /** Returns the speech of a door. */
    static Speech of(Door door, Line line) {
        return door == Door.Y_SWEET ? new YSweetSpeech(line) : new PartySpeech(line, door != Door.COLLABORATION);
    }

    /** Receives a binary message. Returns the y-websocket message to process; null if there is none and the message was counted. */
    byte @Nullable [] binary(byte[] frame);

    /** Receives a complete text message. */
    void text(String text);

    /** Notes messages that were given to the room. */
    default void given(List<Message> messages) {}

    /** Notes an update that was refused and not given to the room. */
    default void refused() {}

    /** Whether the room should report what is saved. */
    default boolean hearsOfSaved() {
        return false;
    }

    /** Notes how many of the step 2s and updates that were given to the room are saved. */
    default void saved(long position) {}

    /** Sends a message of a back end to the application. */
    default void tell(String text) {}

    /** Whether a message takes longer than allowed, by the clock of the sockets. */
    default boolean isLate(long now) {
        return false;
    }

    /** Notes that the connection has ended. */
    default void ended() {}
}
