package io.keck.testing;

import java.util.Random;

/** Seeds for random tests: a fixed one in a build, a new one in a campaign, that of {@code -Dkeck.seed=N} where it is given. */
public final class Seeds {
    private static final long BUILD = 20_261_123L;

    private Seeds() {}

    /** Returns a seed and prints it with the name of the test, so that a failure can be repeated. */
    public static long next(String test) {
        long seed = Long.getLong("keck.seed", Boolean.getBoolean("keck.campaign") ? new Random().nextLong() : BUILD);
        System.out.println(test + " seed " + seed);
        return seed;
    }
}
