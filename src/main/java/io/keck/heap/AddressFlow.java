package io.keck.heap;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Limits the bytes per second of each address; {@link Addresses#network} says which addresses count as one,
 * {@link Rates} describes the buckets. Bytes are counted after they have passed, so a piece larger than the bucket
 * passes too and leaves a debt: nothing is refused, but later bytes wait until the debt is paid. Thread-safe.
 */
public final class AddressFlow {
    /** Seconds whose bytes may pass at once after a pause. */
    public static final int BURST_SECONDS = 10;

    private static final double MILLIS = 1_000;

    private final double perSecond;
    private final Rates rates;
    private final AtomicLong held = new AtomicLong();

    /**
     * Creates full buckets for all addresses.
     *
     * @param perSecond bytes per second; 0 for no limit
     * @param clock a steady clock in milliseconds
     */
    public AddressFlow(long perSecond, LongSupplier clock) {
        this.perSecond = perSecond;
        this.rates = new Rates(AddressRates.MAX_ADDRESSES, clock);
    }

    /** Creates a flow without a limit. */
    public static AddressFlow unlimited() {
        return new AddressFlow(0, () -> 0);
    }

    /** Whether there is a limit. */
    public boolean isLimited() {
        return perSecond > 0;
    }

    /** Counts bytes from or to an address; returns the milliseconds until its debt is paid, 0 if it has none. */
    public long pass(String address, long bytes) {
        if (perSecond <= 0) {
            return 0;
        }
        long wait = rates.charge(Addresses.network(address), (double) bytes, perSecond, BURST_SECONDS);
        held.addAndGet(Math.min(bytes, (long) Math.ceil(wait * perSecond / MILLIS)));
        return wait;
    }

    /** Returns the milliseconds until the debt of an address is paid; 0 if it has none. */
    public long wait(String address) {
        return perSecond <= 0 ? 0 : rates.wait(Addresses.network(address), 0, perSecond, BURST_SECONDS);
    }

    /** Returns the bytes that exceeded the rate of their address, so that later ones had to wait. */
    public long held() {
        return held.get();
    }
}
