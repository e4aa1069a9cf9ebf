package io.keck.heap;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How often something may happen for one address: so many times a second, and so many at once after a pause (a token
 * bucket). Thread-safe. Remembers a bounded number of addresses; one that was forgotten begins with a full bucket.
 */
public final class AddressRates {
    private static final int MAX_ADDRESSES = 20_000;
    private static final double MILLIS = 1_000;

    private final double perSecond;
    private final double burst;
    private final LongSupplier clock;
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > MAX_ADDRESSES;
        }
    };

    private static final class Bucket {
        double tokens;
        long at;
    }

    /**
     * All buckets are full.
     *
     * @param perSecond how much comes back in a second
     * @param burst how much there is after a pause
     * @param clock milliseconds of a steady clock
     */
    public AddressRates(double perSecond, double burst, LongSupplier clock) {
        this.perSecond = perSecond;
        this.burst = burst;
        this.clock = clock;
    }

    /** Whether it may happen now; then it counts. */
    public synchronized boolean take(String address) {
        long now = clock.getAsLong();
        Bucket bucket = buckets.computeIfAbsent(Addresses.network(address), key -> {
            Bucket full = new Bucket();
            full.tokens = burst;
            full.at = now;
            return full;
        });
        bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / MILLIS * perSecond);
        bucket.at = now;
        if (bucket.tokens < 1) {
            return false;
        }
        bucket.tokens--;
        return true;
    }
}
