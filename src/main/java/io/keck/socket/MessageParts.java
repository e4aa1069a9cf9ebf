package io.keck.socket;

import java.util.Arrays;

/**
 * Puts the parts of a binary message together, up to a limit. Memory follows the bytes that came, not the number of parts,
 * and a message that has grown too large takes none. Used by the one thread that reads a connection at a time.
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

    /** What has become of a message with its next part. */
    enum State {
        /** More parts follow. */
        OPEN,
        /** {@link #take} has it. */
        WHOLE,
        /** It is larger than the limit, and what came of it is forgotten. */
        TOO_LARGE
    }

    /** Adds a part, which is kept and must not change. */
    State add(byte[] part, boolean last) {
        if (part.length > maxBytes - length) {
            reset();
            return State.TOO_LARGE;
        }
        if (length == 0) {
            bytes = part; // most messages have one part
        } else if (part.length > 0) {
            if (length + part.length > bytes.length) {
                long twice = Math.max(2L * bytes.length, length + part.length);
                bytes = Arrays.copyOf(bytes, (int) Math.min(maxBytes, twice));
            }
            System.arraycopy(part, 0, bytes, length, part.length);
        }
        length += part.length;
        return last ? State.WHOLE : State.OPEN;
    }

    /** The whole message; the next part begins another one. */
    byte[] take() {
        byte[] whole = bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
        reset();
        return whole;
    }

    private void reset() {
        bytes = EMPTY;
        length = 0;
    }
}
