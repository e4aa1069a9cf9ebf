package io.keck.protocol;

import io.keck.crdt.lib0.Decoder;

/**
 * What the awareness states of a room may take. Immutable.
 *
 * @param maxBytes of heap, about
 * @param maxStates present or remembered
 * @param guards whether the states of owners that are there are kept from others, and clocks within reach; only a test
 *     says false
 */
public record AwarenessBounds(long maxBytes, int maxStates, boolean guards) {
    /** The largest clock that is taken: the client itself has to be able to raise it. */
    public static final long MAX_CLOCK = Decoder.MAX_SAFE_INTEGER - (1 << 20);
    /** Any clock up to here is taken, and beyond it what is at most {@link #LEAP} above the clock that is known. */
    private static final long USUAL = 1L << 31;

    private static final long LEAP = 1 << 20;

    /** 8 MiB, 10,000 states. */
    public static final AwarenessBounds DEFAULT = new AwarenessBounds(8 << 20, 10_000, true);

    /** Whether a client of which a clock is known could say, and later raise, another one. */
    static boolean isWithinReach(long clock, long known) {
        return clock <= MAX_CLOCK && clock <= Math.max(USUAL, known + LEAP);
    }
}
