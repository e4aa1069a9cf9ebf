package io.keck.crdt.lib0;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Strict UTF-8 (RFC 3629) with UTF-16 lengths, because Yjs counts text in UTF-16 code units. Stateless.
 *
 * <p>Reading refuses what a fatal {@code TextDecoder} refuses: overlong forms, encoded surrogates, code points beyond
 * U+10FFFF. Writing turns a lone surrogate into U+FFFD as {@code TextEncoder} does (Java's own encoder writes a
 * question mark).
 */
public final class Utf8 {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final long HIGH_BITS = 0x8080808080808080L;

    private Utf8() {}

    /**
     * Checks the bytes and counts their UTF-16 code units.
     *
     * @return the number of UTF-16 code units in {@code b[from, to)}
     * @throws DecodeException if the bytes are not well-formed UTF-8
     */
    public static int length16(byte[] b, int from, int to) {
        int i = asciiEnd(b, from, to);
        int units = i - from;
        while (i < to) {
            int n = sequence(b, i, to);
            units += n == 4 ? 2 : 1;
            i += n;
        }
        return units;
    }

    /** Counts the UTF-16 code units of bytes already known to be well-formed. */
    public static int units(byte[] b, int from, int to) {
        int i = asciiEnd(b, from, to);
        int units = i - from;
        for (; i < to; i++) {
            // each leading byte counts once, that of a four-byte sequence twice
            units += (b[i] & 0xc0) == 0x80 ? 0 : (b[i] & 0xf8) == 0xf0 ? 2 : 1;
        }
        return units;
    }

    /** Whether all bytes are below 128. */
    public static boolean isAscii(byte[] b, int from, int to) {
        return asciiEnd(b, from, to) == to;
    }

    /** The index of the first byte above 127, or {@code to}. */
    private static int asciiEnd(byte[] b, int from, int to) {
        int i = from;
        if (to - from >= Long.BYTES) {
            while (i + Long.BYTES <= to && ((long) LONGS.get(b, i) & HIGH_BITS) == 0) {
                i += Long.BYTES;
            }
            if (i + Long.BYTES > to && ((long) LONGS.get(b, to - Long.BYTES) & HIGH_BITS) == 0) {
                return to;
            }
        }
        while (i < to && b[i] >= 0) {
            i++;
        }
        return i;
    }

    /**
     * The length in bytes of the well-formed sequence that starts at {@code i}.
     *
     * @throws DecodeException if there is none
     */
    private static int sequence(byte[] b, int i, int to) {
        int c = b[i];
        if (c >= 0) {
            return 1;
        }
        c &= 0xff;
        if (c >= 0xc2 && c <= 0xdf && i + 1 < to && continues(b[i + 1])) {
            return 2;
        }
        if (c >= 0xe0 && c <= 0xef && i + 2 < to && continues(b[i + 1]) && continues(b[i + 2])) {
            int second = b[i + 1] & 0xff;
            boolean overlong = c == 0xe0 && second < 0xa0;
            boolean surrogate = c == 0xed && second > 0x9f;
            if (!overlong && !surrogate) {
                return 3;
            }
        }
        if (c >= 0xf0 && c <= 0xf4 && i + 3 < to && continues(b[i + 1]) && continues(b[i + 2]) && continues(b[i + 3])) {
            int second = b[i + 1] & 0xff;
            boolean overlong = c == 0xf0 && second < 0x90;
            boolean beyond = c == 0xf4 && second > 0x8f;
            if (!overlong && !beyond) {
                return 4;
            }
        }
        throw new DecodeException("string is not valid UTF-8");
    }

    private static boolean continues(byte x) {
        return (x & 0xc0) == 0x80;
    }

    /** The byte length of the sequence that starts with {@code lead}, in bytes already known to be well-formed. */
    public static int sequenceLength(byte lead) {
        if (lead >= 0) {
            return 1;
        }
        int c = lead & 0xff;
        return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    }

    /** The code point of the sequence of {@code n} bytes at {@code i}, in bytes already known to be well-formed. */
    public static int codePoint(byte[] b, int i, int n) {
        return switch (n) {
            case 1 -> b[i];
            case 2 -> (b[i] & 0x1f) << 6 | (b[i + 1] & 0x3f);
            case 3 -> (b[i] & 0x0f) << 12 | (b[i + 1] & 0x3f) << 6 | (b[i + 2] & 0x3f);
            default -> (b[i] & 0x07) << 18 | (b[i + 1] & 0x3f) << 12 | (b[i + 2] & 0x3f) << 6 | (b[i + 3] & 0x3f);
        };
    }
}
