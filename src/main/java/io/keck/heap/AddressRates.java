package io.keck.heap;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Limits how often one address may do something: {@code perSecond} times a second, and {@code burst} times at once after a
 * pause (a token bucket). Remembers a bounded number of addresses; a forgotten one starts with a full bucket. Thread-safe.
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
     * Creates full buckets for all addresses.
     *
     * @param perSecond tokens added per second
     * @param burst the capacity of a bucket
     * @param clock a steady clock in milliseconds
     */
    public AddressRates(double perSecond, double burst, LongSupplier clock) {
        this.perSecond = perSecond;
        this.burst = burst;
        this.clock = clock;
    }

    /** Whether the address may act now; if so, takes a token. */
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
