package io.keck.auth;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Slows addresses down that present wrong credentials: each has some attempts in store, and gets one back every second. A
 * credential that was found good a moment ago is not counted and not slowed. Bounded; thread-safe.
 */
final class Throttle {
    static final int ATTEMPTS = 20;
    private static final long REFILL_MILLIS = 1_000;
    private static final int MAX_ADDRESSES = 10_000;

    private final LongSupplier steady;
    /** When the store of an address is full again, by address; the one that failed last is the youngest. */
    private final Map<String, Long> fullAt = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MAX_ADDRESSES;
        }
    };

    /** @param steady milliseconds of a steady clock */
    Throttle(LongSupplier steady) {
        this.steady = steady;
    }

    /** Seconds to wait until the next attempt; 0 where it may be made now. */
    synchronized int wait(String address) {
        Long full = fullAt.get(Addresses.key(address));
        long missing = full == null ? 0 : full - steady.getAsLong();
        long over = missing - (ATTEMPTS - 1) * REFILL_MILLIS;
        return over <= 0 ? 0 : (int) ((over + REFILL_MILLIS - 1) / REFILL_MILLIS);
    }

    /** Notes a wrong credential. */
    synchronized void failed(String address) {
        String key = Addresses.key(address);
        long now = steady.getAsLong();
        Long full = fullAt.remove(key); // put again below, as the youngest
        fullAt.put(key, Math.max(now, full == null ? now : full) + REFILL_MILLIS);
    }

    synchronized int size() {
        return fullAt.size();
    }
}
