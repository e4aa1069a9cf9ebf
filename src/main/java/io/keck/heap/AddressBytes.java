package io.keck.heap;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A limited number of bytes, of which one address gets only a part; {@link Addresses#network} says which addresses count as
 * one. Thread-safe; never blocks.
 */
public final class AddressBytes {
    private final long limit;
    private final long perAddress;
    private final AtomicLong taken = new AtomicLong();
    private final ConcurrentHashMap<String, Long> byAddress = new ConcurrentHashMap<>();

    /**
     * None are taken.
     *
     * @param limit bytes
     * @param perAddress the most that one address gets
     */
    public AddressBytes(long limit, long perAddress) {
        this.limit = limit;
        this.perAddress = perAddress;
    }

    /** Takes bytes; false, and none are taken, where that is beyond a limit. */
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

    /** Gives bytes back that were taken. */
    public void giveBack(String address, long less) {
        if (less > 0) {
            taken.addAndGet(-less);
            byAddress.computeIfPresent(Addresses.network(address), (key, now) -> now > less ? now - less : null);
        }
    }

    /** Bytes that are taken. */
    public long taken() {
        return taken.get();
    }
}
