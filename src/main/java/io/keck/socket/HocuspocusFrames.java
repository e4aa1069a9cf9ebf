package io.keck.socket;

import io.keck.heap.SharedBytes;
import io.keck.protocol.HocuspocusMessage;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A cache of the frames that were last made for Hocuspocus clients. A room sends the same message to all of its members in a row;
 * the frame is made for the first of them, and the others share it. It keeps at most 64 small messages. Thread-safe.
 */
final class HocuspocusFrames {
    /** A power of two, large enough that rooms which send at the same time rarely use the same place. */
    private static final int PLACES = 64;

    private record Made(String key, byte[] body, byte[] frame) {}

    private final AtomicReferenceArray<Made> last = new AtomicReferenceArray<>(PLACES);

    /**
     * Returns the frame of a message.
     *
     * @param key the text that the frame begins with, see {@link HocuspocusMessage#prefix}
     * @param prefix the key, encoded
     * @param body the message: smaller than {@link SharedBytes#LARGE}, immutable, and compared by identity
     */
    byte[] of(String key, byte[] prefix, byte[] body) {
        int place = key.hashCode() & (PLACES - 1);
        Made made = last.getPlain(place); // final fields make the record safe to read without a fence
        if (made == null || made.body() != body || !made.key().equals(key)) {
            made = new Made(key, body, HocuspocusMessage.frame(prefix, body));
            last.setPlain(place, made);
        }
        return made.frame();
    }
}
