package io.keck.webhook;

import java.util.random.RandomGenerator;

/** How long to wait after failures: twice as long after each, up to a limit, give or take a fifth. */
record Backoff(long maxMillis, RandomGenerator random) {
    private static final long FIRST = 1_000;
    private static final int MAX_DOUBLINGS = 20;

    /** After so many failures, one or more. */
    long millis(int failures) {
        long pure = Math.min(maxMillis, FIRST << Math.min(failures - 1, MAX_DOUBLINGS));
        return (long) (pure * (0.8 + 0.4 * random.nextDouble()));
    }
}
