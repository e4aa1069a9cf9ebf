package io.keck.heap;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Places that are there a limited number of times, of which one address gets a part only: see {@link Addresses#network} for
 * what counts as one. Thread-safe; does not wait.
 */
public final class AddressShares {
    private final int limit;
    private final int perAddress;
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicLong refused = new AtomicLong();
    private final ConcurrentHashMap<String, Integer> byAddress = new ConcurrentHashMap<>();

    /**
     * All places are free.
     *
     * @param limit places
     * @param perAddress the most that one address gets
     */
    public AddressShares(int limit, int perAddress) {
        this.limit = limit;
        this.perAddress = perAddress;
    }

    /** Whether a place was free, and which of the limits was reached where none was. */
    public enum Answer {
        /** The place is taken; {@link #leave} gives it back. */
        TAKEN,
        /** All places are taken. */
        FULL,
        /** This address has its part. */
        ADDRESS_FULL
    }

    /** Whether {@link #enter} would give a place now; takes none. */
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

    /** Takes a place, whether one is free or not. */
    public void count(String address) {
        taken.incrementAndGet();
        byAddress.merge(Addresses.network(address), 1, Integer::sum);
    }

    /** Takes a place. */
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

    /** Gives a place back; once for each that was taken. */
    public void leave(String address) {
        taken.decrementAndGet();
        byAddress.computeIfPresent(Addresses.network(address), (key, now) -> now > 1 ? now - 1 : null);
    }

    /** How many places are taken. */
    public int taken() {
        return taken.get();
    }

    /** How many places there are. */
    public int limit() {
        return limit;
    }

    /** How often a place was refused. */
    public long refused() {
        return refused.get();
    }

    /** How many addresses have places. */
    int addresses() {
        return byAddress.size();
    }
}
