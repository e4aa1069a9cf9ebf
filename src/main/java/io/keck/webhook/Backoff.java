package io.keck.webhook;

import java.util.random.RandomGenerator;

/** The time to wait after failures: it doubles with each failure up to a limit, and varies at random by up to a fifth. */
record Backoff(long maxMillis, RandomGenerator random) {
    private static final long FIRST = 1_000;
    private static final int MAX_DOUBLINGS = 20;

    /** The time to wait, in milliseconds, after one or more failures in a row. */
    long millis(int failures) {
        long pure = Math.min(maxMillis, FIRST << Math.min(failures - 1, MAX_DOUBLINGS));
        return (long) (pure * (0.8 + 0.4 * random.nextDouble()));
    }
}
