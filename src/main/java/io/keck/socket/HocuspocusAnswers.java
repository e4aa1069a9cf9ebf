package io.keck.socket;

import io.keck.heap.Tally;
import io.keck.protocol.CloseReason;
import io.keck.protocol.HocuspocusMessage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The answers of the Hocuspocus protocol on one socket: refusals, states of credentials, statuses and pongs. Each answers a
 * message of the client, so they would pile up without bound if the client sends and never reads. Such a client is closed with
 * 1013. Content of documents is bounded elsewhere and does not count here. Thread-safe.
 */
final class HocuspocusAnswers {
    /** The most frames that are handed to the network at once. */
    private static final int IN_A_ROW = 1_000;

    private final SocketConnection connection;
    private final long maxBytes;
    private final AtomicLong waiting = new AtomicLong();
    private final Outbox.Taken taken = bytes -> waiting.addAndGet(-bytes);

    /** @param maxBytes the bound of waiting answers */
    HocuspocusAnswers(SocketConnection connection, long maxBytes) {
        this.connection = connection;
        this.maxBytes = maxBytes;
    }

    /**
     * Sends an answer, or closes the connection.
     *
     * @param tally counts the bytes until the network takes them
     */
    void send(byte[] prefix, byte[] body, Tally tally) {
        send(prefix, body, 1, tally);
    }

    /**
     * Sends the same answer several times, in as few writes as possible, or closes the connection.
     *
     * @param tally counts the bytes until the network takes them
     */
    void send(byte[] prefix, byte[] body, long times, Tally tally) {
        byte[] frame = HocuspocusMessage.frame(prefix, body);
        for (long left = times; left > 0; left -= IN_A_ROW) {
            int now = (int) Math.min(left, IN_A_ROW);
            if (waiting.addAndGet((long) now * frame.length) > maxBytes) {
                connection.close(CloseReason.overload("this client sends messages and does not read the answers"));
            }
            connection.send(frame, body, now, tally, taken);
        }
    }
}
