package io.keck.crdt.lib0;

/**
 * Writes bytes as runs: the value, then the number of repetitions, which the last run does not have. Not thread-safe.
 * Source: lib0 {@code encoding.js} {@code RleEncoder} over {@code writeUint8}.
 */
public final class RleEncoder {
    private final Encoder out;
    private int value = -1;
    private long count;

    /** Creates an encoder that has written nothing. */
    public RleEncoder() {
        this(new Encoder());
    }

    /** Creates an encoder that writes to {@code out}, to which nothing was written yet. */
    public RleEncoder(Encoder out) {
        this.out = out;
    }

    /** Writes one value; only the low 8 bits are used. */
    public void write(int b) {
        int next = b & 0xff;
        if (next == value) {
            count++;
            return;
        }
        if (count > 0) {
            out.writeVarUint(count - 1);
        }
        out.writeUint8(next);
        value = next;
        count = 1;
    }

    /** Writes the rest, and returns where all bytes were written to. */
    public Encoder end() {
        return out;
    }

    /** The bytes written, as a copy. */
    public byte[] toByteArray() {
        return out.toByteArray();
    }
}
