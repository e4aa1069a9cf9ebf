package io.keck.testing;

import java.util.Random;

/** Seeds of tests that draw: always the same in a build, new ones in a campaign, {@code -Dkeck.seed=N} by hand. */
public final class Seeds {
    private static final long BUILD = 20_261_123L;

    private Seeds() {}

    /** The seed, which is printed so that a failure can be repeated. */
    public static long next(String test) {
        long seed = Long.getLong("keck.seed", Boolean.getBoolean("keck.campaign") ? new Random().nextLong() : BUILD);
        System.out.println(test + " seed " + seed);
        return seed;
    }
}
