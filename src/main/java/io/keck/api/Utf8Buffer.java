package io.keck.api;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Encodes text as UTF-8 into a growing array, or into a sink in pieces. Used by one thread. */
final class Utf8Buffer {
    /** The bytes after which a piece is passed to the sink. */
    private static final int PIECE = 32 << 10;

    /** Receives encoded bytes. */
    @FunctionalInterface
    interface Sink {
        /** Receives the first {@code length} bytes of an array, which is reused afterwards. */
        void take(byte[] bytes, int length);
    }

    private final @Nullable Sink sink;
    private byte[] bytes;
    private int size;
    private long passed;

    /** Creates a buffer that keeps all bytes. */
    Utf8Buffer() {
        sink = null;
        bytes = new byte[256];
    }

    /** Creates a buffer that passes bytes to a sink in pieces. */
    Utf8Buffer(Sink sink) {
        this.sink = sink;
        bytes = new byte[PIECE];
    }

    /** The number of bytes written so far. */
    long written() {
        return passed + size;
    }

    /** Passes the last bytes to the sink. */
    void flush() {
        if (sink != null && size > 0) {
            sink.take(bytes, size);
            passed += size;
            size = 0;
        }
    }

    void ascii(char c) {
        reserve(1);
        bytes[size++] = (byte) c;
    }

    void ascii(String s) {
        for (int i = 0; i < s.length(); i++) {
            ascii(s.charAt(i));
        }
    }

    /**
     * Adds the code point at an index, an unpaired surrogate as U+FFFD; returns the number of chars consumed beyond
     * one.
     */
    int codePoint(String s, int i) {
        char c = s.charAt(i);
        if (c < 0x80) {
            ascii(c);
            return 0;
        }
        reserve(4);
        if (c < 0x800) {
            bytes[size++] = (byte) (0xc0 | c >> 6);
            bytes[size++] = (byte) (0x80 | (c & 0x3f));
            return 0;
        }
        int point = s.codePointAt(i);
        if (point <= 0xffff) {
            point = Character.isSurrogate(c) ? 0xfffd : point;
            bytes[size++] = (byte) (0xe0 | point >> 12);
            bytes[size++] = (byte) (0x80 | ((point >> 6) & 0x3f));
            bytes[size++] = (byte) (0x80 | (point & 0x3f));
            return 0;
        }
        bytes[size++] = (byte) (0xf0 | point >> 18);
        bytes[size++] = (byte) (0x80 | ((point >> 12) & 0x3f));
        bytes[size++] = (byte) (0x80 | ((point >> 6) & 0x3f));
        bytes[size++] = (byte) (0x80 | (point & 0x3f));
        return 1;
    }

    private void reserve(int more) {
        if (bytes.length - size >= more) {
            return;
        }
        if (sink != null) {
            flush();
        } else {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length + more, (int) Math.min(bytes.length * 2L, 0x7ffffff0)));
        }
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }
}
