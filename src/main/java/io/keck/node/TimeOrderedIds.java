package io.keck.node;

import java.security.SecureRandom;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Random ids that begin with the time, so that an index over them grows at its end: UUIDs of version 7 (RFC 9562, section
 * 5.7) with milliseconds and 74 random bits. Thread-safe.
 */
final class TimeOrderedIds implements Supplier<UUID> {
    private static final int TIME_SHIFT = 16;
    private static final long VERSION = 0x7000;
    private static final long RANDOM_A = 0xfff;
    private static final long VARIANT = 1L << 63;

    private final SecureRandom random = new SecureRandom();

    @Override
    public UUID get() {
        long high = (System.currentTimeMillis() << TIME_SHIFT) | VERSION | (random.nextInt() & RANDOM_A);
        return new UUID(high, VARIANT | (random.nextLong() >>> 2));
    }
}
