package io.keck.crdt.lib0;

/**
 * Reads bytes that {@link RleEncoder} wrote. A run is only counted down, so a long run costs nothing until it is read.
 * The last run has no length and never ends, so the reader must know the number of values. Not thread-safe. Source:
 * lib0 {@code decoding.js} {@code RleDecoder} over {@code readUint8}.
 */
public final class RleDecoder {
    private static final long FOREVER = -1;

    private final Decoder in;
    private int value;
    private long left;

    /** Reads all that {@code in} has left. */
    public RleDecoder(Decoder in) {
        this.in = in;
    }

    /**
     * Reads the next value, 0 to 255.
     *
     * @throws DecodeException if there is none, or the bytes are malformed
     */
    public int read() {
        if (left == 0) {
            value = in.readUint8();
            left = in.hasRemaining() ? in.readVarUint() + 1 : FOREVER;
        }
        if (left != FOREVER) {
            left--;
        }
        return value;
    }

    /** Whether there are values left to read, not counting repetitions in the endless last run. */
    public boolean hasRemaining() {
        return left > 0 || in.hasRemaining();
    }
}
