package io.keck.crdt.lib0;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads lib0's encoding from a section of a byte array. Every length is checked against the bytes at hand before
 * anything is allocated. Not thread-safe. Source: lib0 {@code decoding.js}.
 *
 * <p>Every read method throws {@link DecodeException} when the bytes end early or are malformed; the position is then
 * undefined.
 */
public final class Decoder {
    /** The largest number that JavaScript holds exactly, 2^53 - 1: the largest clock, length and client id. */
    public static final long MAX_SAFE_INTEGER = (1L << 53) - 1;

    private final byte[] buf;
    private final int end;
    private int pos;

    /** Reads all of {@code bytes}, which must not change meanwhile. */
    public Decoder(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    /** Reads {@code bytes[from, to)}, which must not change meanwhile. */
    public Decoder(byte[] bytes, int from, int to) {
        if (from < 0 || to < from || to > bytes.length) {
            throw new IndexOutOfBoundsException("section " + from + ".." + to + " of " + bytes.length);
        }
        this.buf = bytes;
        this.pos = from;
        this.end = to;
    }

    /** The array that is read; not a copy. */
    public byte[] array() {
        return buf;
    }

    /** The index of the next byte in {@link #array()}. */
    public int position() {
        return pos;
    }

    /** Moves to an index of {@link #array()}, at most the end of the section; for callers that read some bytes themselves. */
    public void position(int to) {
        if (to < 0 || to > end) {
            throw new IndexOutOfBoundsException("position " + to + " of " + end);
        }
        pos = to;
    }

    /** The number of bytes left. */
    public int remaining() {
        return end - pos;
    }

    /** Whether there is at least one more byte. */
    public boolean hasRemaining() {
        return pos < end;
    }

    /** One byte, 0 to 255. */
    public int readUint8() {
        if (pos >= end) {
            throw truncated();
        }
        return buf[pos++] & 0xff;
    }

    /** Reads a number of 0 to 2^53 - 1: 7 bits per byte, low bits first. */
    public long readVarUint() {
        int i = pos;
        if (i < end && buf[i] >= 0) {
            pos = i + 1;
            return buf[i];
        }
        if (end - i >= 3) { // most clocks have two or three bytes
            if (buf[i + 1] >= 0) {
                pos = i + 2;
                return (buf[i] & 0x7f) | buf[i + 1] << 7;
            }
            if (buf[i + 2] >= 0) {
                pos = i + 3;
                return (buf[i] & 0x7f) | (buf[i + 1] & 0x7f) << 7 | buf[i + 2] << 14;
            }
        }
        long value = 0;
        for (int shift = 0; shift < 63; shift += 7) {
            int b = readUint8();
            value |= (long) (b & 0x7f) << shift;
            if (value > MAX_SAFE_INTEGER || value < 0) {
                throw new DecodeException("number beyond 2^53 - 1");
            }
            if (b < 0x80) {
                return value;
            }
        }
        throw new DecodeException("number of more than 9 bytes");
    }

    /**
     * Reads the number of elements that follow, each of at least {@code bytesEach} bytes. It is checked against the
     * bytes left, so that a forged count allocates nothing.
     */
    public int readCount(int bytesEach) {
        long n = readVarUint();
        if (n * bytesEach > remaining() || n > Integer.MAX_VALUE) {
            throw new DecodeException("count of " + n + " is more than the bytes at hand can hold");
        }
        return (int) n;
    }

    /**
     * Reads a signed number as lib0 writes it: sign in bit 6 and continuation in bit 7 of the first byte. The result is
     * a {@code double}, since JavaScript has a negative zero and this encoding carries it.
     */
    public double readVarInt() {
        int b = readUint8();
        boolean negative = (b & 0x40) != 0;
        long value = b & 0x3f;
        int shift = 6;
        while (b >= 0x80) {
            if (shift > 55) {
                throw new DecodeException("number of more than 9 bytes");
            }
            b = readUint8();
            value |= (long) (b & 0x7f) << shift;
            shift += 7;
            if (value > MAX_SAFE_INTEGER || value < 0) {
                throw new DecodeException("number beyond 2^53 - 1");
            }
        }
        return negative ? -(double) value : value;
    }

    /** A length-prefixed UTF-8 string. */
    public String readVarString() {
        int n = readLength();
        int from = pos;
        Utf8.length16(buf, from, from + n);
        pos += n;
        return new String(buf, from, n, StandardCharsets.UTF_8);
    }

    /** Skips and checks a length-prefixed string; returns its length in UTF-16 code units. */
    public int skipVarString() {
        return skipVarStringOf(readLength());
    }

    /**
     * Skips and checks a string of {@code n} bytes, whose length prefix was read before; returns its length in UTF-16
     * code units.
     */
    public int skipVarStringOf(int n) {
        int from = pos;
        skip(n);
        return Utf8.length16(buf, from, pos);
    }

    /** A length-prefixed byte array, as a copy. */
    public byte[] readVarUint8Array() {
        int n = readLength();
        byte[] out = Arrays.copyOfRange(buf, pos, pos + n);
        pos += n;
        return out;
    }

    /** Reads the length prefix of a string or byte array and checks that at least that many bytes are left. */
    public int readLength() {
        long n = readVarUint();
        if (n > end - pos) {
            throw new DecodeException("length of " + n + " is more than the " + (end - pos) + " bytes left");
        }
        return (int) n;
    }

    /** All bytes that are left, as a copy. */
    public byte[] readRest() {
        byte[] rest = Arrays.copyOfRange(buf, pos, end);
        pos = end;
        return rest;
    }

    /** Skips {@code n} bytes. */
    public void skip(int n) {
        if (n < 0 || n > end - pos) {
            throw truncated();
        }
        pos += n;
    }

    /** Eight bytes, high byte first. */
    public long readBigInt64() {
        long hi = readUint32();
        return hi << 32 | readUint32();
    }

    /** Four bytes, high byte first, 0 to 2^32 - 1. */
    public long readUint32() {
        if (end - pos < 4) {
            throw truncated();
        }
        long v = (buf[pos] & 0xffL) << 24
                | (buf[pos + 1] & 0xffL) << 16
                | (buf[pos + 2] & 0xffL) << 8
                | (buf[pos + 3] & 0xffL);
        pos += 4;
        return v;
    }

    private static DecodeException truncated() {
        return new DecodeException("unexpected end of data");
    }
}
