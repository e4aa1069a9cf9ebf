package io.keck.room;

import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * The rules of links. The link of a row is a random number, drawn for each attempt to write the row, so two rows with
 * the same link are the same row, and so are all rows before them. Links are positive; they travel as plain
 * {@code long}s, since each row of each room carries two of them.
 */
public final class Link {
    /** The link of no row, as before the first. */
    public static final long NONE = 0;

    /** An unknown link. */
    public static final long UNKNOWN = -1;

    private Link() {}

    /** Draws a new link from a source of random numbers. */
    public static long random(RandomGenerator random) {
        return positive(random.nextLong());
    }

    /** Derives a new link from the random half of an id. */
    public static long random(UUID id) {
        return positive(id.getLeastSignificantBits());
    }

    private static long positive(long bits) {
        return 1 | (bits & Long.MAX_VALUE);
    }

    /** Whether the value is the link of a row. */
    public static boolean isOfRow(long link) {
        return link > NONE;
    }
}
