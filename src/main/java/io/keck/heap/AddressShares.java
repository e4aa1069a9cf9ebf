package io.keck.heap;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the places in use, in total and for each address; {@link Addresses#network} says which addresses count as one.
 * Never blocks. Thread-safe.
 */
public final class AddressShares {
    private final int limit;
    private final int perAddress;
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicLong refused = new AtomicLong();
    private final ConcurrentHashMap<String, Integer> byAddress = new ConcurrentHashMap<>();

    /**
     * Creates free places.
     *
     * @param limit the number of places
     * @param perAddress the most places of one address
     */
    public AddressShares(int limit, int perAddress) {
        this.limit = limit;
        this.perAddress = perAddress;
    }

    /** The answer to a request for a place. */
    public enum Answer {
        /** The place is taken; {@link #leave} returns it. */
        TAKEN,
        /** All places are taken. */
        FULL,
        /** The address has reached its number of places. */
        ADDRESS_FULL
    }

    /** Returns the answer that {@link #enter} would give now, without taking a place. */
    public Answer free(String address) {
        if (taken.get() >= limit) {
            refused.incrementAndGet();
            return Answer.FULL;
        }
        if (byAddress.getOrDefault(Addresses.network(address), 0) >= perAddress) {
            refused.incrementAndGet();
            return Answer.ADDRESS_FULL;
        }
        return Answer.TAKEN;
    }

    /** Takes a place regardless of the limits. */
    public void count(String address) {
        taken.incrementAndGet();
        byAddress.merge(Addresses.network(address), 1, Integer::sum);
    }

    /** Takes a place if the limits allow it. */
    public Answer enter(String address) {
        if (taken.incrementAndGet() > limit) {
            taken.decrementAndGet();
            refused.incrementAndGet();
            return Answer.FULL;
        }
        boolean[] got = new boolean[1];
        byAddress.compute(Addresses.network(address), (key, present) -> {
            int now = present == null ? 0 : present;
            got[0] = now < perAddress;
            return got[0] ? Integer.valueOf(now + 1) : present;
        });
        if (!got[0]) {
            taken.decrementAndGet();
            refused.incrementAndGet();
            return Answer.ADDRESS_FULL;
        }
        return Answer.TAKEN;
    }

    /** Returns a place; call it once for each place taken. */
    public void leave(String address) {
        taken.decrementAndGet();
        byAddress.computeIfPresent(Addresses.network(address), (key, now) -> now > 1 ? now - 1 : null);
    }

    /** The number of taken places. */
    public int taken() {
        return taken.get();
    }

    /** The number of places. */
    public int limit() {
        return limit;
    }

    /** The number of refusals so far. */
    public long refused() {
        return refused.get();
    }

    /** The number of addresses that have places. */
    int addresses() {
        return byAddress.size();
    }
}
