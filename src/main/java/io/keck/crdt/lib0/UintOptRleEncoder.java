package io.keck.crdt.lib0;

/**
 * Writes numbers of 0 to 2^53 - 1. A single number is a varInt; a run is the same number with a minus sign (negative
 * zero for 0), followed by the length of the run less two. Not thread-safe. Source: lib0 {@code encoding.js}
 * {@code UintOptRleEncoder}.
 */
public final class UintOptRleEncoder {
    private final Encoder out;
    private long value;
    private long count;

    /** Creates an encoder that has written nothing. */
    public UintOptRleEncoder() {
        this(new Encoder());
    }

    /** Creates an encoder that writes to {@code out}, to which nothing was written yet. */
    public UintOptRleEncoder(Encoder out) {
        this.out = out;
    }

    /**
     * Writes one number.
     *
     * @throws IllegalArgumentException if it is not one of 0 to 2^53 - 1
     */
    public void write(long n) {
        if (n < 0 || n > Decoder.MAX_SAFE_INTEGER) {
            throw new IllegalArgumentException("not a number of 0 to 2^53 - 1: " + n);
        }
        if (n != value) {
            flush();
            value = n;
        }
        count++;
    }

    private void flush() {
        if (count == 1) {
            out.writeVarInt((double) value);
        } else if (count > 1) {
            out.writeVarInt(-(double) value);
            out.writeVarUint(count - 2);
        }
        count = 0;
    }

    /** Writes the rest, and returns where all bytes were written to. */
    public Encoder end() {
        flush();
        return out;
    }

    /** The bytes written, as a copy. */
    public byte[] toByteArray() {
        flush();
        return out.toByteArray();
    }
}
