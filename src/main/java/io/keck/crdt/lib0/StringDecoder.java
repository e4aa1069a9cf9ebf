package io.keck.crdt.lib0;

import java.nio.charset.StandardCharsets;

/**
 * Reads strings that {@link StringEncoder} wrote. The text is checked once, when the decoder is created; each string is
 * then a section of it, so a forged length allocates nothing. Not thread-safe. Source: lib0 {@code decoding.js}
 * {@code StringDecoder}.
 */
public final class StringDecoder {
    private static final int REPLACEMENT = 0xfffd;

    private final byte[] text;
    private final UintOptRleDecoder lengths;
    private final boolean ascii;
    /** Code units not read yet. */
    private int units;
    /** The index of the first byte not read yet; of a surrogate pair that was read in half, the index of its first byte. */
    private int pos;

    private boolean half;

    // the current string: whole code points in text[from, to), and perhaps half a pair before or after them
    private int from;
    private int to;
    private boolean startsHalf;
    private boolean endsHalf;

    /**
     * Reads all that {@code in} has left.
     *
     * @throws DecodeException if the text is cut off or not well-formed
     */
    public StringDecoder(Decoder in) {
        int bytes = in.readLength();
        text = in.array();
        pos = in.position();
        units = in.skipVarStringOf(bytes);
        ascii = units == bytes;
        lengths = new UintOptRleDecoder(in);
    }

    /**
     * Reads the next string; half a surrogate pair is kept.
     *
     * @throws DecodeException if there is none
     */
    public String read() {
        next();
        String whole = new String(text, from, to - from, StandardCharsets.UTF_8);
        if (!startsHalf && !endsHalf) {
            return whole;
        }
        String start = startsHalf ? String.valueOf(Character.lowSurrogate(Utf8.codePoint(text, from - 4, 4))) : "";
        String end = endsHalf ? String.valueOf(Character.highSurrogate(Utf8.codePoint(text, to, 4))) : "";
        return start + whole + end;
    }

    /**
     * Copies the next string, with a length prefix; half a surrogate pair becomes U+FFFD.
     *
     * @return its length in UTF-16 code units
     * @throws DecodeException if there is none
     */
    public int copyTo(Encoder out) {
        int length = next();
        out.writeVarUint((long) to - from + (startsHalf ? 3 : 0) + (endsHalf ? 3 : 0));
        if (startsHalf) {
            out.writeCodePoint(REPLACEMENT);
        }
        out.writeBytes(text, from, to);
        if (endsHalf) {
            out.writeCodePoint(REPLACEMENT);
        }
        return length;
    }

    /** Whether there are strings, or a rest of the text, left to read. */
    public boolean hasRemaining() {
        return units > 0 || lengths.hasRemaining();
    }

    private int next() {
        long length = lengths.read();
        if (length > units) {
            throw new DecodeException("string of " + length + " code units, where the text has " + units + " left");
        }
        units -= (int) length;
        int left = (int) length;
        startsHalf = half && left > 0;
        endsHalf = false;
        if (startsHalf) {
            pos += 4;
            left--;
            half = false;
        }
        from = pos;
        if (ascii) {
            pos += left;
            left = 0;
        }
        while (left > 0 && !endsHalf) {
            int n = Utf8.sequenceLength(text[pos]);
            if (n == 4 && left == 1) {
                endsHalf = true;
                half = true;
            } else {
                pos += n;
                left -= n == 4 ? 2 : 1;
            }
        }
        to = pos;
        return (int) length;
    }
}
