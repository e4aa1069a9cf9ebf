package io.keck.auth;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How much each key (a principal, a tenant) has taken lately, against a rate that the caller names: what a burst holds may
 * come at once, and comes back evenly. Forgets the key that was unused for longest beyond {@value #MAX_KEYS}. Thread-safe.
 */
final class Rates {
    private static final int MAX_KEYS = 10_000;
    private static final double MILLIS = 1_000;

    private final LongSupplier steady;
    /** When the store of a key is full again, in milliseconds of the steady clock. */
    private final Map<String, Double> fullAt = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Double> eldest) {
            return size() > MAX_KEYS;
        }
    };

    /** @param steady milliseconds of a steady clock */
    Rates(LongSupplier steady) {
        this.steady = steady;
    }

    /** Takes one of it: 0, or the milliseconds to wait where it is one too many and was not taken. */
    synchronized long take(String key, double perSecond, double burstSeconds) {
        double now = steady.getAsLong();
        double full = Math.max(now, fullAt.getOrDefault(key, now)) + MILLIS / perSecond;
        double over = full - now - burstSeconds * MILLIS;
        if (over > 0) {
            return (long) Math.ceil(over);
        }
        fullAt.put(key, full);
        return 0;
    }

    /** Takes as much as that whether it is there or not: the milliseconds until the burst is kept again. */
    synchronized long charge(String key, double amount, double perSecond, double burstSeconds) {
        double now = steady.getAsLong();
        double full = Math.max(now, fullAt.getOrDefault(key, now)) + amount * MILLIS / perSecond;
        fullAt.put(key, full);
        return (long) Math.max(0, Math.ceil(full - now - burstSeconds * MILLIS));
    }

    /** The milliseconds until as much as that is there; takes nothing. */
    synchronized long wait(String key, double amount, double perSecond, double burstSeconds) {
        double now = steady.getAsLong();
        double full = Math.max(now, fullAt.getOrDefault(key, now)) + amount * MILLIS / perSecond;
        return (long) Math.max(0, Math.ceil(full - now - burstSeconds * MILLIS));
    }

    synchronized int size() {
        return fullAt.size();
    }
}
