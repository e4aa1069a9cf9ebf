package io.keck.storage.database;

import java.security.SecureRandom;

/** Draws random ids of rows, so that even a database restored from a backup does not issue an id twice. Thread-safe. */
public final class RandomIds {
    /** Leaves 53 bits, so that JSON can carry the number. */
    private static final int SHIFT = 11;

    private static final SecureRandom RANDOM = new SecureRandom();

    private RandomIds() {}

    /** Draws an id above 0. */
    public static long next() {
        return 1 + (RANDOM.nextLong() >>> SHIFT);
    }
}
