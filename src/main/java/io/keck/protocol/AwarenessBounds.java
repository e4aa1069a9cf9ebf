package io.keck.protocol;

import io.keck.crdt.lib0.Decoder;

/**
 * The bounds of the awareness states of one room. Immutable.
 *
 * @param maxBytes the most heap in bytes, estimated
 * @param maxStates the most states, present or remembered
 * @param guards whether states of connected owners are protected from others and clocks must be within reach; false only in
 *     tests
 */
public record AwarenessBounds(long maxBytes, int maxStates, boolean guards) {
    /** The largest accepted clock; it leaves room for the client to increment it. */
    public static final long MAX_CLOCK = Decoder.MAX_SAFE_INTEGER - (1 << 20);
    /** Clocks up to this one are always accepted; a higher one may exceed the known clock by {@link #LEAP} at most. */
    private static final long USUAL = 1L << 31;

    private static final long LEAP = 1 << 20;

    /** The default bounds: 8 MiB, 10,000 states. */
    public static final AwarenessBounds DEFAULT = new AwarenessBounds(8 << 20, 10_000, true);

    /** Whether a client with the known clock may send that clock and could still increment it. */
    static boolean isWithinReach(long clock, long known) {
        return clock <= MAX_CLOCK && clock <= Math.max(USUAL, known + LEAP);
    }
}
