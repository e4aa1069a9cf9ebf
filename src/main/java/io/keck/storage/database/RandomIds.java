package io.keck.storage.database;

import java.security.SecureRandom;

/** Ids of rows, drawn at random: one that was given out is not given out again even by a database that was restored. Thread-safe. */
public final class RandomIds {
    /** Leaves 53 bits, so that JSON can carry the number. */
    private static final int SHIFT = 11;

    private static final SecureRandom RANDOM = new SecureRandom();

    private RandomIds() {}

    /** A new id, above 0. */
    public static long next() {
        return 1 + (RANDOM.nextLong() >>> SHIFT);
    }
}
