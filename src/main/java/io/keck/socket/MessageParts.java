package io.keck.socket;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Puts the parts of a binary message together, up to a limit. Each part is copied, so its buffer can be used again at once.
 * Memory follows the bytes that came, not the number of parts, and a message that has grown too large takes none. Used by
 * the one thread that reads a connection at a time.
 */
final class MessageParts {
    private static final byte[] EMPTY = {};

    private final int maxBytes;
    private byte[] bytes = EMPTY;
    private int length;

    /** @param maxBytes the largest message */
    MessageParts(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Whether a part of that size makes the message larger than the limit. */
    boolean isTooLargeWith(int more) {
        return more > maxBytes - length;
    }

    /** How many bytes more the message takes on the heap after a part of that size. */
    int growth(int more) {
        return more > bytes.length - length ? capacity(more) - bytes.length : 0;
    }

    private int capacity(int more) {
        long twice = Math.max(2L * bytes.length, (long) length + more);
        return (int) Math.min(maxBytes, twice);
    }

    /** Adds what remains of a buffer; only where it is not too large. */
    void add(ByteBuffer part) {
        int more = part.remaining();
        if (growth(more) > 0) {
            bytes = length == 0 ? new byte[capacity(more)] : Arrays.copyOf(bytes, capacity(more));
        }
        part.get(bytes, length, more);
        length += more;
    }

    /** Bytes that have come of the message. */
    int length() {
        return length;
    }

    /** Bytes of heap that the message takes. */
    int heap() {
        return bytes.length;
    }

    /** The whole message; the next part begins another one. */
    byte[] take() {
        byte[] whole = bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
        forget();
        return whole;
    }

    /** Forgets what has come; the next part begins another message. */
    void forget() {
        bytes = EMPTY;
        length = 0;
    }
}
