package io.keck.crdt.lib0;

/**
 * Writes strings as one text and the lengths of its parts in UTF-16 code units. Not thread-safe. Source: lib0
 * {@code encoding.js} {@code StringEncoder}.
 *
 * <p>As the strings become one text before they become UTF-8, a lone high surrogate at the end of one and a lone low one
 * at the start of the next are kept; other lone surrogates become U+FFFD.
 */
public final class StringEncoder {
    private final Encoder text;
    private final UintOptRleEncoder lengths;

    /** Creates an encoder that has written nothing. */
    public StringEncoder() {
        this(new Encoder(), new Encoder());
    }

    /** Creates an encoder that writes the text and the lengths to these two, to which nothing was written yet. */
    public StringEncoder(Encoder text, Encoder lengths) {
        this.text = text;
        this.lengths = new UintOptRleEncoder(lengths);
    }

    /** A high surrogate that waits for its other half; 0 if there is none. */
    private char high;

    /** Writes one string. */
    public void write(CharSequence s) {
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (high != 0 && Character.isLowSurrogate(c)) {
                text.writeCodePoint(Character.toCodePoint(high, c));
                high = 0;
                continue;
            }
            flushHigh();
            if (Character.isHighSurrogate(c)) {
                high = c;
            } else {
                text.writeCodePoint(c);
            }
        }
        lengths.write(s.length());
    }

    /**
     * Writes one string that is in UTF-8 already.
     *
     * @throws DecodeException if {@code utf8[from, to)} is not well-formed
     */
    public void write(byte[] utf8, int from, int to) {
        int units = Utf8.length16(utf8, from, to);
        if (units > 0) {
            flushHigh();
        }
        text.writeBytes(utf8, from, to);
        lengths.write(units);
    }

    /**
     * Writes one string that is in UTF-8 already.
     *
     * @param utf8 well-formed
     * @param units its length in UTF-16 code units
     */
    public void write(Encoder utf8, long units) {
        if (units > 0) {
            flushHigh();
        }
        text.write(utf8);
        lengths.write(units);
    }

    private void flushHigh() {
        if (high != 0) {
            text.writeCodePoint(high);
            high = 0;
        }
    }

    /** Writes the text with its length, then the lengths of its parts, to {@code out}, and the length of both before them. */
    public void end(Encoder out) {
        flushHigh();
        Encoder parts = lengths.end();
        out.writeVarUint((long) Encoder.lengthOf(text.length()) + text.length() + parts.length());
        out.writeVarUint(text.length());
        out.write(text);
        out.write(parts);
    }

    /** The bytes written, as a copy. */
    public byte[] toByteArray() {
        flushHigh();
        byte[] parts = lengths.toByteArray();
        Encoder out = new Encoder(text.length() + parts.length + 8);
        out.writeVarUint(text.length());
        out.write(text);
        out.writeBytes(parts, 0, parts.length);
        return out.toByteArray();
    }
}
