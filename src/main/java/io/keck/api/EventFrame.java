package io.keck.api;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A server-sent event on its way: text, then bytes of an update as a JSON array of numbers, then text. The array is nearly four
 * times as long as its bytes, so it is never made as a whole. Immutable; many streams share one.
 */
final class EventFrame {
    /** Bytes of an update that are written at a time; their text is at most four times as long. */
    static final int PIECE = 8 << 10;

    private static final byte[] NOTHING = {};
    private static final byte[][] NUMBERS = new byte[256][];

    static {
        for (int i = 0; i < NUMBERS.length; i++) {
            NUMBERS[i] = Integer.toString(i).getBytes(StandardCharsets.US_ASCII);
        }
    }

    private final byte[] head;
    private final byte[] update;
    private final byte[] tail;

    private EventFrame(byte[] head, byte[] update, byte[] tail) {
        this.head = head;
        this.update = update;
        this.tail = tail;
    }

    /** Text alone. */
    static EventFrame of(CharSequence text) {
        return new EventFrame(utf8(text), NOTHING, NOTHING);
    }

    /** Fixed text around the numbers of an update. */
    static EventFrame of(CharSequence head, byte[] update, CharSequence tail) {
        return new EventFrame(utf8(head), update, utf8(tail));
    }

    private static byte[] utf8(CharSequence text) {
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The array that takes most of the heap, which other frames may share. */
    byte[] update() {
        return update;
    }

    /** Bytes of heap without the update. */
    long ownMemory() {
        return 100L + head.length + tail.length;
    }

    /** Bytes of heap, if nothing else holds the update. */
    long memory() {
        return ownMemory() + update.length;
    }

    /** Reads a frame. Not thread-safe. */
    static final class Reader {
        private final EventFrame frame;
        /** The number of bytes of the update that were read; negative before the head. */
        private int at = -1;

        private boolean isDone;

        Reader(EventFrame frame) {
            this.frame = frame;
        }

        EventFrame frame() {
            return frame;
        }

        /** Whether all is read. */
        boolean isDone() {
            return isDone;
        }

        /** The next piece; not to be changed. */
        byte[] next() {
            if (at < 0) {
                at = 0;
                isDone = frame.update.length == 0 && frame.tail.length == 0;
                return frame.head;
            }
            if (at < frame.update.length) {
                int from = at;
                at = Math.min(frame.update.length, from + PIECE);
                return numbers(frame.update, from, at);
            }
            isDone = true;
            return frame.tail;
        }

        private static byte[] numbers(byte[] bytes, int from, int to) {
            byte[] out = new byte[4 * (to - from)];
            int length = 0;
            for (int i = from; i < to; i++) {
                if (i > 0) {
                    out[length++] = ',';
                }
                byte[] number = NUMBERS[bytes[i] & 0xff];
                System.arraycopy(number, 0, out, length, number.length);
                length += number.length;
            }
            return Arrays.copyOf(out, length);
        }
    }
}
