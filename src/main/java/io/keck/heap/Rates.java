package io.keck.heap;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Token buckets by key, such as an address, a principal or a tenant. The caller names the rate and the burst with each
 * call, so they may change. If there are too many buckets, the one that was unused for longest is forgotten, so its key
 * begins with a full bucket again. Thread-safe.
 */
public final class Rates {
    private static final double MILLIS = 1_000;

    private final LongSupplier clock;
    /** The time at which the bucket of a key is full again, in milliseconds of the clock. */
    private final Map<String, Double> fullAt;

    /**
     * Creates full buckets for all keys.
     *
     * @param maxKeys the largest number of buckets
     * @param clock a steady clock in milliseconds
     */
    public Rates(int maxKeys, LongSupplier clock) {
        this.clock = clock;
        this.fullAt = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Double> eldest) {
                return size() > maxKeys;
            }
        };
    }

    /**
     * Takes one token, if there is one.
     *
     * @param perSecond tokens added per second
     * @param burstSeconds the seconds in which an empty bucket fills up
     * @return 0 if a token was taken, otherwise the milliseconds until there is one
     */
    public synchronized long take(String key, double perSecond, double burstSeconds) {
        double now = clock.getAsLong();
        double full = fullAfter(key, now, 1, perSecond);
        long wait = beyond(full, now, burstSeconds);
        if (wait == 0) {
            fullAt.put(key, full);
        }
        return wait;
    }

    /**
     * Takes tokens even if the bucket lacks them, which leaves a debt. Returns the milliseconds until the debt is paid;
     * 0 if there is none.
     */
    public synchronized long charge(String key, double tokens, double perSecond, double burstSeconds) {
        double now = clock.getAsLong();
        double full = fullAfter(key, now, tokens, perSecond);
        fullAt.put(key, full);
        return beyond(full, now, burstSeconds);
    }

    /** Returns the milliseconds until that many tokens are present, without taking any; for 0 tokens, until a debt is paid. */
    public synchronized long wait(String key, double tokens, double perSecond, double burstSeconds) {
        double now = clock.getAsLong();
        return beyond(fullAfter(key, now, tokens, perSecond), now, burstSeconds);
    }

    private double fullAfter(String key, double now, double tokens, double perSecond) {
        return Math.max(now, fullAt.getOrDefault(key, now)) + tokens * MILLIS / perSecond;
    }

    private static long beyond(double full, double now, double burstSeconds) {
        return (long) Math.max(0, Math.ceil(full - now - burstSeconds * MILLIS));
    }

    /** The number of keys that are remembered. */
    public synchronized int size() {
        return fullAt.size();
    }
}
