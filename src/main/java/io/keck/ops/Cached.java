package io.keck.ops;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What several gauges of one scrape take from one look. Thread-safe.
 *
 * @param <T> what is seen
 */
final class Cached<T> {
    private static final long FRESH_NANOS = 200_000_000;

    private final Supplier<T> look;
    private final LongSupplier clock;
    private T seen;
    private long at;

    /** Looks once. */
    Cached(Supplier<T> look, LongSupplier clock) {
        this.look = look;
        this.clock = clock;
        this.at = clock.getAsLong();
        this.seen = look.get();
    }

    /** What was seen a moment ago, or is now. */
    synchronized T get() {
        long now = clock.getAsLong();
        if (now - at > FRESH_NANOS) {
            seen = look.get();
            at = now;
        }
        return seen;
    }
}
