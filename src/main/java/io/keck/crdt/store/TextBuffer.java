package io.keck.crdt.store;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Append-only text in UTF-16 code units: one byte each while all of them are below U+0100, two from then on. Not
 * thread-safe. Internal: shared with {@code io.keck.crdt}, and free to change with every release.
 */
public final class TextBuffer {
    private static final char REPLACEMENT = '\ufffd';
    private static final int SHORT = 4096;

    private byte[] narrow = new byte[16];
    private char[] wide = new char[0];
    private boolean isWide;
    private boolean growsFast;
    private int length;

    /** Creates an empty buffer. */
    public TextBuffer() {}

    /** The number of code units. */
    public int length() {
        return length;
    }

    boolean isWide() {
        return isWide;
    }

    /**
     * The code units of a text that is not wide, with unused capacity after them. For callers that append much; valid
     * until the capacity changes.
     */
    byte[] narrow() {
        return narrow;
    }

    /** As {@link #narrow()}, with room for that many code units after the first {@code units}, which are kept. */
    byte[] narrow(int units, int room) {
        if (room > narrow.length - units) {
            length = units;
            reserve(room);
        }
        return narrow;
    }

    /** Sets the length after code units were written to {@link #narrow}. */
    public void length(int units) {
        length = units;
    }

    /**
     * Appends the code units {@code [first, last)} of well-formed UTF-8. Half a surrogate pair becomes U+FFFD, as where
     * Yjs splits a pair.
     *
     * @param units the number of code units of {@code utf8[from, to)}
     * @param cursor is in the struct with the text
     */
    public void append(byte[] utf8, int from, int to, int units, int first, int last, Content.Cursor cursor) {
        if (to - from == units) { // all ASCII
            reserve(last - first);
            if (isWide) {
                for (int i = from + first; i < from + last; i++) {
                    wide[length++] = (char) utf8[i];
                }
            } else {
                System.arraycopy(utf8, from + first, narrow, length, last - first);
                length += last - first;
            }
            return;
        }
        int unit = (int) cursor.element();
        int i = cursor.position();
        while (i < to && unit < last) {
            int n = Utf8.sequenceLength(utf8[i]);
            int c = Utf8.codePoint(utf8, i, n);
            if (n < 4) {
                if (unit >= first) {
                    append((char) c);
                }
                unit++;
            } else if (unit >= first && unit + 1 < last) {
                append(Character.highSurrogate(c));
                append(Character.lowSurrogate(c));
                unit += 2;
            } else {
                if (unit + 1 >= first) {
                    append(REPLACEMENT);
                }
                unit += 2;
            }
            i += n;
        }
        cursor.moveTo(unit, i);
    }

    private void append(char c) {
        if (!isWide && c > 0xff) {
            wide = new char[Math.max(16, length + (length >> 1) + 1)];
            for (int i = 0; i < length; i++) {
                wide[i] = (char) (narrow[i] & 0xff);
            }
            narrow = new byte[0];
            isWide = true;
        }
        reserve(1);
        if (isWide) {
            wide[length++] = c;
        } else {
            narrow[length++] = (byte) c;
        }
    }

    /** Makes room for {@code n} more code units. */
    void reserve(int n) {
        int need = Math.addExact(length, n);
        if (need > (isWide ? wide.length : narrow.length)) {
            // long texts grow in small steps: every open document would pay for unused capacity
            int capacity = Math.max(need, length + (length >> (growsFast || length < SHORT ? 1 : 4)));
            if (isWide) {
                wide = Arrays.copyOf(wide, capacity);
            } else {
                narrow = Arrays.copyOf(narrow, capacity);
            }
        }
    }

    /** Sets whether the buffer grows in large steps, for the time of many appends; ending that releases unused capacity. */
    void growFast(boolean fast) {
        growsFast = fast;
        int room = isWide ? wide.length : narrow.length;
        if (!fast && room - length > (length >> 3) + 16) {
            if (isWide) {
                wide = Arrays.copyOf(wide, length);
            } else {
                narrow = Arrays.copyOf(narrow, length);
            }
        }
    }

    /** Appends characters; lone surrogates become U+FFFD. */
    public void append(CharSequence s) {
        int n = s.length();
        for (int i = 0; i < n; i++) {
            char c = s.charAt(i);
            if (!Character.isSurrogate(c)) {
                append(c);
            } else if (Character.isHighSurrogate(c) && i + 1 < n && Character.isLowSurrogate(s.charAt(i + 1))) {
                append(c);
                append(s.charAt(++i));
            } else {
                append(REPLACEMENT);
            }
        }
    }

    /** Appends {@code [from, to)} of another buffer, which may be this one. */
    public void append(TextBuffer other, int from, int to) {
        if (!isWide && !other.isWide) {
            reserve(to - from);
            System.arraycopy(other.narrow, from, narrow, length, to - from);
            length += to - from;
            return;
        }
        for (int i = from; i < to; i++) {
            append(other.charAt(i));
        }
    }

    /** The code unit at an index. */
    public char charAt(int i) {
        return isWide ? wide[i] : (char) (narrow[i] & 0xff);
    }

    /** Replaces the code unit at {@code at} by U+FFFD if it is a surrogate of the given half. */
    public void replaceSurrogate(int at, boolean high) {
        if (isWide && (high ? Character.isHighSurrogate(wide[at]) : Character.isLowSurrogate(wide[at]))) {
            wide[at] = REPLACEMENT;
        }
    }

    /** Appends the code units {@code [from, to)} to {@code out}. */
    public void appendTo(StringBuilder out, int from, int to) {
        if (isWide) {
            out.append(wide, from, to - from);
        } else {
            out.append(new String(narrow, from, to - from, StandardCharsets.ISO_8859_1));
        }
    }

    /** Writes {@code [from, to)} as UTF-8, preceded by its length in bytes; half a surrogate pair becomes U+FFFD. */
    public void writeVarString(int from, int to, Encoder out) {
        int bytes = 0;
        for (int i = from; i < to; i++) {
            int c = charAt(i);
            if (c < 0x80) {
                bytes++;
            } else if (c < 0x800) {
                bytes += 2;
            } else if (Character.isHighSurrogate((char) c) && i + 1 < to && Character.isLowSurrogate(wide[i + 1])) {
                bytes += 4;
                i++;
            } else {
                bytes += 3;
            }
        }
        out.writeVarUint(bytes);
        write(from, to, out);
    }

    /** Writes {@code [from, to)} as UTF-8 without a length; half a surrogate pair becomes U+FFFD. */
    void write(int from, int to, Encoder out) {
        if (!isWide) {
            int i = from;
            while (i < to && narrow[i] >= 0) {
                i++;
            }
            out.writeBytes(narrow, from, i);
            while (i < to) {
                out.writeCodePoint(narrow[i++] & 0xff);
            }
            return;
        }
        for (int i = from; i < to; i++) {
            char c = wide[i];
            if (Character.isHighSurrogate(c) && i + 1 < to && Character.isLowSurrogate(wide[i + 1])) {
                out.writeCodePoint(Character.toCodePoint(c, wide[++i]));
            } else {
                out.writeCodePoint(c);
            }
        }
    }

    long memory() {
        return 32 + Heap.array(narrow.length) + Heap.array(2L * wide.length);
    }
}
