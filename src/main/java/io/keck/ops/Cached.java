package io.keck.ops;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A value that is read once for several gauges of one scrape. Thread-safe.
 *
 * @param <T> the type of the value
 */
final class Cached<T> {
    private static final long FRESH_NANOS = 200_000_000;

    private final Supplier<T> look;
    private final LongSupplier clock;
    private T seen;
    private long at;

    /** Reads the value for the first time. */
    Cached(Supplier<T> look, LongSupplier clock) {
        this.look = look;
        this.clock = clock;
        this.at = clock.getAsLong();
        this.seen = look.get();
    }

    /** Returns the value; reads it again if it is older than 200 ms. */
    synchronized T get() {
        long now = clock.getAsLong();
        if (now - at > FRESH_NANOS) {
            seen = look.get();
            at = now;
        }
        return seen;
    }
}
