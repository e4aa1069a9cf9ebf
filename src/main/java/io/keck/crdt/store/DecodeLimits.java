package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;

/**
 * Limits of an update; one that exceeds them is refused with a {@link DecodeException}. Everything else is bounded by
 * the bytes at hand: a count or length is checked against them before anything is allocated. Immutable.
 *
 * @param maxBytes the largest update, in bytes; at most 2^30
 * @param maxValueDepth how deep arrays and objects within one value may nest; JavaScript engines overflow their stack
 *     somewhere above 10,000
 * @param maxTypeDepth how deep the shared types of one update may nest; a stock client overflows its stack when it
 *     deletes a type of some ten thousand levels
 * @param maxStructs the number of structs of one update; one takes 72 bytes while it is decoded and as few as two on
 *     the wire
 * @param maxClients the number of clients of one update; one takes some 500 bytes in a store and as few as five on the
 *     wire
 */
public record DecodeLimits(int maxBytes, int maxValueDepth, int maxTypeDepth, int maxStructs, int maxClients) {
    /** 512 MiB, values 1,000 deep, types 5,000 deep, 4,000,000 structs, 250,000 clients. */
    public static final DecodeLimits DEFAULT = new DecodeLimits(1 << 29, 1_000, 5_000, 4_000_000, 250_000);

    /** For bytes that this engine encoded: they were checked when they arrived, perhaps under wider limits. */
    public static final DecodeLimits OWN =
            new DecodeLimits(1 << 30, Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

    /** Returns these limits with other limits for the bytes of an update and the depth of values and types. */
    public DecodeLimits with(int bytes, int valueDepth, int typeDepth) {
        return new DecodeLimits(bytes, valueDepth, typeDepth, maxStructs, maxClients);
    }

    /** Checks that the limits are positive and that {@code maxBytes} is at most 2^30. */
    public DecodeLimits {
        if (Math.min(Math.min(maxBytes, maxValueDepth), Math.min(maxTypeDepth, Math.min(maxStructs, maxClients))) < 1
                || maxBytes > 1 << 30) {
            throw new IllegalArgumentException("limits must be positive, and maxBytes at most 2^30");
        }
    }
}
