package io.keck.crdt.lib0;

/**
 * Reads numbers that {@link UintOptRleEncoder} wrote. A run is only counted down, so a long run costs nothing until it
 * is read. Not thread-safe. Source: lib0 {@code decoding.js} {@code UintOptRleDecoder}.
 */
public final class UintOptRleDecoder {
    private final Decoder in;
    private long value;
    private long left;

    /** Reads all that {@code in} has left. */
    public UintOptRleDecoder(Decoder in) {
        this.in = in;
    }

    /**
     * Reads the next number, 0 to 2^53 - 1.
     *
     * @throws DecodeException if there is none, or the bytes are malformed
     */
    public long read() {
        if (left == 0) {
            double number = in.readVarInt();
            boolean run = number < 0 || (number == 0 && 1 / number < 0);
            value = (long) Math.abs(number);
            left = run ? in.readVarUint() + 2 : 1;
        }
        left--;
        return value;
    }

    /** Whether there are numbers left to read. */
    public boolean hasRemaining() {
        return left > 0 || in.hasRemaining();
    }
}
