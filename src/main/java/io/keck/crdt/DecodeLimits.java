package io.keck.crdt;

import io.keck.crdt.lib0.DecodeException;

/**
 * What an update may ask for before it is refused with a {@link DecodeException}. Everything else is bounded by the
 * bytes at hand: a count or length is checked against them before anything is allocated. Immutable.
 *
 * @param maxBytes the largest update, in bytes; at most 2^30
 * @param maxValueDepth how deep arrays and objects inside one value may nest; JavaScript engines overflow their stack
 *     somewhere above 10,000
 * @param maxTypeDepth how deep the shared types of one update may nest; a stock client overflows its stack when it
 *     deletes one of some ten thousand levels
 */
public record DecodeLimits(int maxBytes, int maxValueDepth, int maxTypeDepth) {
    /** 512 MiB, values 1,000 deep, types 5,000 deep. */
    public static final DecodeLimits DEFAULT = new DecodeLimits(1 << 29, 1_000, 5_000);

    /** For what this engine encoded itself: it was checked where it came in, perhaps under wider limits. */
    public static final DecodeLimits OWN = new DecodeLimits(1 << 30, Integer.MAX_VALUE, Integer.MAX_VALUE);

    /** Checks the numbers. */
    public DecodeLimits {
        if (maxBytes < 1 || maxBytes > 1 << 30 || maxValueDepth < 1 || maxTypeDepth < 1) {
            throw new IllegalArgumentException("limits must be positive, and maxBytes at most 2^30");
        }
    }
}
