package io.keck.bench;

/** xorshift32, as the benchmarks of the other engines have it: all draw the same numbers. */
final class Xorshift {
    private static final int SEED = 0x9E3779B9;

    private int state;

    Xorshift() {
        this(SEED);
    }

    Xorshift(int seed) {
        state = seed;
    }

    /** An unsigned number of 32 bits. */
    long next() {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return Integer.toUnsignedLong(state);
    }

    int below(long bound) {
        return (int) (next() % bound);
    }

    char letter() {
        return (char) ('a' + below(26));
    }

    String letters(int n) {
        StringBuilder s = new StringBuilder(n);
        for (int i = 0; i < n; i++) {
            s.append(letter());
        }
        return s.toString();
    }

    String word() {
        return letters(2 + below(8));
    }
}
