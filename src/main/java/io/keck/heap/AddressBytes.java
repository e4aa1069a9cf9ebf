package io.keck.heap;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the bytes in use, in total and for each address; {@link Addresses#network} says which addresses count as one.
 * Thread-safe; never blocks.
 */
public final class AddressBytes {
    private final long limit;
    private final long perAddress;
    private final AtomicLong taken = new AtomicLong();
    private final ConcurrentHashMap<String, Long> byAddress = new ConcurrentHashMap<>();

    /**
     * Creates a limiter without bytes in use.
     *
     * @param limit the most bytes in use in total
     * @param perAddress the most bytes in use for one address
     */
    public AddressBytes(long limit, long perAddress) {
        this.limit = limit;
        this.perAddress = perAddress;
    }

    /** Takes bytes; returns false and takes none if that would exceed a limit. */
    public boolean take(String address, long more) {
        if (taken.addAndGet(more) > limit) {
            taken.addAndGet(-more);
            return false;
        }
        boolean[] got = new boolean[1];
        byAddress.compute(Addresses.network(address), (key, present) -> {
            long now = present == null ? 0 : present;
            got[0] = now + more <= perAddress;
            return got[0] ? Long.valueOf(now + more) : present;
        });
        if (!got[0]) {
            taken.addAndGet(-more);
        }
        return got[0];
    }

    /** Returns bytes that were taken. */
    public void giveBack(String address, long less) {
        if (less > 0) {
            taken.addAndGet(-less);
            byAddress.computeIfPresent(Addresses.network(address), (key, now) -> now > less ? now - less : null);
        }
    }

    /** The bytes in use in total. */
    public long taken() {
        return taken.get();
    }
}
