package io.keck.crdt.lib0;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes lib0's encoding into a growing byte array. Can be reset and used again without allocating. Not thread-safe.
 * Source: lib0 {@code encoding.js}.
 *
 * <p>An encoder with a {@link Spill} keeps at most {@link Spill#PIECE} bytes and hands earlier ones over. It can be written to
 * another encoder of the same spill, which then refers to these bytes; {@link #pieces} returns where its bytes are.
 */
public final class Encoder {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private static final long[] NO_PIECES = {};

    private final @Nullable Spill spill;
    private byte[] buf;
    private int len;
    private boolean float64;
    /** Positions and lengths of the pieces that were handed over, in the order of writing. */
    private long[] pieces = NO_PIECES;

    private int pieceCount;
    /** The number of bytes that were handed over. */
    private int spilled;

    /** An encoder with room for a small message. */
    public Encoder() {
        this(64);
    }

    /** An encoder with room for {@code capacity} bytes before it has to grow. */
    public Encoder(int capacity) {
        spill = null;
        buf = new byte[Math.max(16, capacity)];
    }

    /** Creates an encoder that hands over the bytes for which it has no room. */
    public Encoder(Spill spill) {
        this.spill = spill;
        buf = new byte[64];
    }

    /** The number of bytes written. */
    public int length() {
        return spilled + len;
    }

    /**
     * The bytes written, as a copy.
     *
     * @throws IllegalStateException if some of them were handed over
     */
    public byte[] toByteArray() {
        if (pieceCount > 0) {
            throw new IllegalStateException("the bytes were handed over");
        }
        return Arrays.copyOf(buf, len);
    }

    /**
     * Hands over all that is left, of an encoder that has a {@link Spill}.
     *
     * @return the position and the length of each piece, in the order of the bytes written
     */
    public long[] pieces() {
        handOver();
        return Arrays.copyOf(pieces, pieceCount);
    }

    /** As {@link #toByteArray}, but without a copy if the capacity is used up exactly; nothing may be written afterwards. */
    public byte[] finish() {
        return len == buf.length && pieceCount == 0 ? buf : toByteArray();
    }

    /** The number of bytes that {@link #writeVarUint} writes for {@code n}. */
    public static int lengthOf(long n) {
        return Math.max(1, (70 - Long.numberOfLeadingZeros(n)) / 7);
    }

    /** Discards the bytes written and keeps the capacity. */
    public void reset() {
        len = 0;
        pieceCount = 0;
        spilled = 0;
    }

    /**
     * Sets whether {@link Any} writes every number that is not an int as a float64, never as a float32. The bytes then
     * differ from those of lib0, the values do not. Off by default; {@link #reset} does not change it.
     */
    public void setFloat64(boolean float64) {
        this.float64 = float64;
    }

    boolean isFloat64() {
        return float64;
    }

    /** One byte; only the low 8 bits are used. */
    public void writeUint8(int b) {
        if (len == buf.length) {
            grow(1);
        }
        buf[len++] = (byte) b;
    }

    /**
     * A number of 0 to 2^53 - 1: 7 bits per byte, low bits first.
     *
     * @throws IllegalArgumentException if {@code n} is out of that range
     */
    public void writeVarUint(long n) {
        if (n < 0 || n > Decoder.MAX_SAFE_INTEGER) {
            throw new IllegalArgumentException("not a number of 0 to 2^53 - 1: " + n);
        }
        if (buf.length - len < 8) {
            int length = lengthOf(n); // a short number may still fit into the rest
            if (buf.length - len < length) {
                grow(8);
            }
        }
        long rest = n;
        while (rest > 0x7f) {
            buf[len++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        buf[len++] = (byte) rest;
    }

    /**
     * A whole number of at most 2^53 - 1 in magnitude, negative zero included: sign in bit 6 of the first byte.
     *
     * @throws IllegalArgumentException if {@code x} is no such number
     */
    public void writeVarInt(double x) {
        boolean negative = x < 0 || (x == 0 && 1 / x < 0);
        double magnitude = Math.abs(x);
        if (!(magnitude <= Decoder.MAX_SAFE_INTEGER) || magnitude != Math.rint(magnitude)) {
            throw new IllegalArgumentException("not a whole number below 2^53: " + x);
        }
        long n = (long) magnitude;
        int first = (int) (n & 0x3f) | (negative ? 0x40 : 0);
        long rest = n >>> 6;
        writeUint8(rest > 0 ? first | 0x80 : first);
        while (rest > 0) {
            long next = rest >>> 7;
            writeUint8((int) (rest & 0x7f) | (next > 0 ? 0x80 : 0));
            rest = next;
        }
    }

    /** As {@link #writeVarInt(double)}, for an {@code int}. */
    public void writeVarInt(int n) {
        if (buf.length - len < 5) {
            grow(5);
        }
        int rest = Math.abs(n); // of MIN_VALUE the result has the right bits, as an unsigned number
        int bits = (rest & 0x3f) | (n < 0 ? 0x40 : 0);
        rest >>>= 6;
        while (rest != 0) {
            buf[len++] = (byte) (bits | 0x80);
            bits = rest & 0x7f;
            rest >>>= 7;
        }
        buf[len++] = (byte) bits;
    }

    /** A length-prefixed UTF-8 string; a lone surrogate becomes U+FFFD. */
    public void writeVarString(CharSequence s) {
        int bytes = 0;
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c < 0x80) {
                bytes++;
            } else if (c < 0x800) {
                bytes += 2;
            } else if (startsPair(s, i)) {
                bytes += 4;
                i++;
            } else {
                bytes += 3;
            }
        }
        writeVarUint(bytes);
        for (int i = 0; i < s.length(); i++) {
            if (startsPair(s, i)) {
                writeCodePoint(Character.toCodePoint(s.charAt(i), s.charAt(i + 1)));
                i++;
            } else {
                writeCodePoint(s.charAt(i));
            }
        }
    }

    private static boolean startsPair(CharSequence s, int i) {
        return Character.isHighSurrogate(s.charAt(i))
                && i + 1 < s.length()
                && Character.isLowSurrogate(s.charAt(i + 1));
    }

    /** The UTF-8 bytes of one code point; a surrogate becomes U+FFFD. */
    public void writeCodePoint(int codePoint) {
        if (codePoint < 0x80) {
            writeUint8(codePoint);
            return;
        }
        if (buf.length - len < 4) {
            grow(4);
        }
        int c = codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xfffd : codePoint;
        if (c < 0x800) {
            buf[len++] = (byte) (0xc0 | c >> 6);
        } else {
            if (c < 0x10000) {
                buf[len++] = (byte) (0xe0 | c >> 12);
            } else {
                buf[len++] = (byte) (0xf0 | c >> 18);
                buf[len++] = (byte) (0x80 | (c >> 12 & 0x3f));
            }
            buf[len++] = (byte) (0x80 | (c >> 6 & 0x3f));
        }
        buf[len++] = (byte) (0x80 | (c & 0x3f));
    }

    /** A length-prefixed byte array. */
    public void writeVarUint8Array(byte[] bytes) {
        writeVarUint(bytes.length);
        writeBytes(bytes, 0, bytes.length);
    }

    /** The bytes {@code from[start, end)} as they are. */
    public void writeBytes(byte[] from, int start, int end) {
        int n = end - start;
        if (buf.length - len < n) {
            if (spill != null && n >= Spill.PIECE) {
                handOver();
                handOver(from, start, n);
                return;
            }
            grow(n);
        }
        System.arraycopy(from, start, buf, len, n);
        len += n;
    }

    /** Everything that {@code other} holds, as it is. What it handed over must have gone to this encoder's spill. */
    public void write(Encoder other) {
        if (other.pieceCount > 0) {
            if (spill != other.spill) {
                throw new IllegalArgumentException("the bytes were handed over to another spill");
            }
            handOver();
            for (int i = 0; i < other.pieceCount; i += 2) {
                refer(other.pieces[i], other.pieces[i + 1]);
            }
        }
        writeBytes(other.buf, 0, other.len);
    }

    private void handOver() {
        if (len > 0) {
            handOver(buf, 0, len);
            len = 0;
        }
    }

    private void handOver(byte[] bytes, int from, int length) {
        if (spill == null) {
            throw new IllegalStateException("no spill");
        }
        refer(spill.take(bytes, from, length), length);
    }

    private void refer(long position, long length) {
        spilled = Math.addExact(spilled, Math.toIntExact(length));
        if (pieceCount > 0 && pieces[pieceCount - 2] + pieces[pieceCount - 1] == position) {
            pieces[pieceCount - 1] += length;
            return;
        }
        if (pieceCount == pieces.length) {
            pieces = Arrays.copyOf(pieces, Math.max(16, 2 * pieceCount));
        }
        pieces[pieceCount++] = position;
        pieces[pieceCount++] = length;
    }

    /** Eight bytes, high byte first. */
    public void writeBigInt64(long v) {
        if (buf.length - len < 8) {
            grow(8);
        }
        LONGS.set(buf, len, v);
        len += 8;
    }

    /** Four bytes, high byte first; only the low 32 bits are used. */
    public void writeUint32(long v) {
        if (buf.length - len < 4) {
            grow(4);
        }
        buf[len++] = (byte) (v >>> 24);
        buf[len++] = (byte) (v >>> 16);
        buf[len++] = (byte) (v >>> 8);
        buf[len++] = (byte) v;
    }

    private void grow(int n) {
        if (spill != null && len + n > Spill.PIECE) {
            handOver();
            if (n <= buf.length) {
                return;
            }
        }
        int need = Math.addExact(len, n);
        int doubled = buf.length < 1 << 29 ? buf.length * 2 : Integer.MAX_VALUE - 8;
        buf = Arrays.copyOf(buf, Math.max(need, doubled));
    }
}
