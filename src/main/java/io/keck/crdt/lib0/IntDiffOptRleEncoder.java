package io.keck.crdt.lib0;

/**
 * Writes whole numbers as differences from the previous number, the first from 0. The doubled difference is written as
 * a varInt; for a run of equal differences it is made odd and followed by the length of the run less two. Not
 * thread-safe. Source: lib0 {@code encoding.js} {@code IntDiffOptRleEncoder}.
 *
 * <p>Doubled, the difference of two numbers below 2^53 can need 54 bits, one more than other varInts have. lib0 writes
 * and reads these too: such a difference never occurs twice in a row, so the number is even and a double holds it.
 */
public final class IntDiffOptRleEncoder {
    private final Encoder out;
    private long last;
    private long diff;
    private long count;

    /** Creates an encoder that has written nothing. */
    public IntDiffOptRleEncoder() {
        this(new Encoder());
    }

    /** Creates an encoder that writes to {@code out}, to which nothing was written yet. */
    public IntDiffOptRleEncoder(Encoder out) {
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
        if (n - last != diff) {
            flush();
            diff = n - last;
        }
        last = n;
        count++;
    }

    private void flush() {
        if (count > 0) {
            writeWide(2 * diff + (count > 1 ? 1 : 0));
        }
        if (count > 1) {
            out.writeVarUint(count - 2);
        }
        count = 0;
    }

    /** Writes a varInt of up to 54 bits: six of them and the sign in the first byte, seven in each that follows. */
    private void writeWide(long n) {
        long rest = Math.abs(n);
        int first = (int) (rest & 0x3f) | (n < 0 ? 0x40 : 0);
        rest >>>= 6;
        out.writeUint8(rest > 0 ? first | 0x80 : first);
        while (rest > 0) {
            int low = (int) (rest & 0x7f);
            rest >>>= 7;
            out.writeUint8(rest > 0 ? low | 0x80 : low);
        }
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
