package io.keck.storage.others;

/** Decompresses blocks in the format of Snappy, as google/snappy describes it in {@code format_description.txt}. */
final class Snappy {
    private static final int TAG_BITS = 2;
    private static final int TAG = 3;
    /** Lengths of literals above this are in the bytes that follow the tag. */
    private static final int SHORT_LITERAL = 60;

    private final byte[] in;
    private int at;
    private final byte[] out;
    private int length;

    private Snappy(byte[] in, int maxBytes) {
        this.in = in;
        long size = 0;
        int shift = 0;
        int b;
        do {
            b = next();
            size |= (long) (b & 0x7f) << shift;
            shift += 7;
        } while (b >= 0x80 && shift < 35);
        if (size > maxBytes) {
            throw new IllegalArgumentException("a block claims to have " + size + " bytes");
        }
        this.out = new byte[(int) size];
    }

    /**
     * Decompresses a block.
     *
     * @param maxBytes the most bytes of the result
     * @throws IllegalArgumentException if the block is malformed
     */
    static byte[] decompress(byte[] block, int maxBytes) {
        Snappy snappy = new Snappy(block, maxBytes);
        while (snappy.at < block.length) {
            snappy.element();
        }
        if (snappy.length != snappy.out.length) {
            throw new IllegalArgumentException("a compressed block ends early");
        }
        return snappy.out;
    }

    private int next() {
        if (at >= in.length) {
            throw new IllegalArgumentException("a compressed block ends early");
        }
        return in[at++] & 0xff;
    }

    /** A number of some bytes, low byte first. */
    private int number(int bytes) {
        int n = 0;
        for (int i = 0; i < bytes; i++) {
            n |= next() << (8 * i);
        }
        return n;
    }

    private void element() {
        int tag = next();
        int rest = tag >> TAG_BITS;
        switch (tag & TAG) {
            case 0 -> literal(rest < SHORT_LITERAL ? rest : number(rest - SHORT_LITERAL + 1));
            case 1 -> copy((rest & 7) + 4, ((rest >> 3) << 8) | next());
            case 2 -> copy(rest + 1, number(2));
            default -> copy(rest + 1, number(4));
        }
    }

    private void literal(int lengthMinusOne) {
        if (lengthMinusOne < 0 || lengthMinusOne >= in.length - at || lengthMinusOne >= out.length - length) {
            throw new IllegalArgumentException("a compressed block has a text beyond its end");
        }
        System.arraycopy(in, at, out, length, lengthMinusOne + 1);
        at += lengthMinusOne + 1;
        length += lengthMinusOne + 1;
    }

    private void copy(int count, int offset) {
        if (offset <= 0 || offset > length || count > out.length - length) {
            throw new IllegalArgumentException("a compressed block has a copy beyond its ends");
        }
        for (int i = 0; i < count; i++, length++) { // the copy may overlap what it copies
            out[length] = out[length - offset];
        }
    }
}
