package io.keck.crdt.lib0;

/**
 * Reads numbers that {@link IntDiffOptRleEncoder} wrote. A run is only counted down, so a long run costs nothing until
 * it is read. Not thread-safe. Source: lib0 {@code decoding.js} {@code IntDiffOptRleDecoder}.
 */
public final class IntDiffOptRleDecoder {
    private static final long WIDEST = 1L << 54;

    private final Decoder in;
    private long last;
    private long diff;
    private long left;

    /** Reads all that {@code in} has left. */
    public IntDiffOptRleDecoder(Decoder in) {
        this.in = in;
    }

    /**
     * Reads the next number, 0 to 2^53 - 1.
     *
     * @throws DecodeException if there is none, it is out of that range, or the bytes are malformed
     */
    public long read() {
        if (left == 0) {
            long doubled = readWide();
            diff = doubled >> 1;
            left = (doubled & 1) == 1 ? in.readVarUint() + 2 : 1;
        }
        left--;
        last += diff;
        if (last < 0 || last > Decoder.MAX_SAFE_INTEGER) {
            throw new DecodeException("number below 0 or beyond 2^53 - 1");
        }
        return last;
    }

    /** Reads a varInt of up to 54 bits, see {@link IntDiffOptRleEncoder}; beyond 53 bits JavaScript has even numbers only. */
    private long readWide() {
        int b = in.readUint8();
        boolean negative = (b & 0x40) != 0;
        long n = b & 0x3f;
        for (int shift = 6; b >= 0x80; shift += 7) {
            if (shift > 48) {
                throw new DecodeException("number of more than 54 bits");
            }
            b = in.readUint8();
            n |= (long) (b & 0x7f) << shift;
        }
        if (n > WIDEST || (n > Decoder.MAX_SAFE_INTEGER && (n & 1) == 1)) {
            throw new DecodeException("number of more than 54 bits");
        }
        return negative ? -n : n;
    }

    /** Whether there are numbers left to read. */
    public boolean hasRemaining() {
        return left > 0 || in.hasRemaining();
    }
}
