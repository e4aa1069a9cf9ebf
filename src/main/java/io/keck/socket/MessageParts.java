package io.keck.socket;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Assembles the parts of a binary message up to a limit. Each part is copied, so its buffer can be reused at once. The heap
 * in use follows the received bytes, not the number of parts. Not thread-safe: belongs to the thread that reads the
 * connection.
 */
final class MessageParts {
    private static final byte[] EMPTY = {};

    private final int maxBytes;
    private byte[] bytes = EMPTY;
    private int length;

    /** @param maxBytes the largest message, in bytes */
    MessageParts(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Whether a part of that size would exceed the limit. */
    boolean isTooLargeWith(int more) {
        return more > maxBytes - length;
    }

    /** The additional heap, in bytes, that a part of that size takes. */
    int growth(int more) {
        return more > bytes.length - length ? capacity(more) - bytes.length : 0;
    }

    private int capacity(int more) {
        long twice = Math.max(2L * bytes.length, (long) length + more);
        return (int) Math.min(maxBytes, twice);
    }

    /** Appends the remaining bytes of a buffer. The caller has checked {@link #isTooLargeWith}. */
    void add(ByteBuffer part) {
        int more = part.remaining();
        if (growth(more) > 0) {
            bytes = length == 0 ? new byte[capacity(more)] : Arrays.copyOf(bytes, capacity(more));
        }
        part.get(bytes, length, more);
        length += more;
    }

    /** Received bytes of the message. */
    int length() {
        return length;
    }

    /** Bytes of heap that the message takes. */
    int heap() {
        return bytes.length;
    }

    /** Returns the complete message; the next part begins another one. */
    byte[] take() {
        byte[] whole = bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
        forget();
        return whole;
    }

    /** Discards the received parts; the next part begins another message. */
    void forget() {
        bytes = EMPTY;
        length = 0;
    }
}
