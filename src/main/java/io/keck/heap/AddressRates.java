package io.keck.heap;

import java.util.function.LongSupplier;

/**
 * Limits how often one address may do something: {@code perSecond} times a second, and {@code burst} times at once
 * after a pause; {@link Addresses#network} says which addresses count as one, {@link Rates} describes the buckets.
 * Thread-safe.
 */
public final class AddressRates {
    /** The largest number of addresses with a bucket. */
    static final int MAX_ADDRESSES = 20_000;

    private final double perSecond;
    private final double burstSeconds;
    private final Rates rates;

    /**
     * Creates full buckets for all addresses.
     *
     * @param perSecond tokens added per second
     * @param burst the capacity of a bucket
     * @param clock a steady clock in milliseconds
     */
    public AddressRates(double perSecond, double burst, LongSupplier clock) {
        this.perSecond = perSecond;
        this.burstSeconds = perSecond > 0 ? burst / perSecond : 0;
        this.rates = new Rates(MAX_ADDRESSES, clock);
    }

    /** Whether the address may act now; if so, takes a token. */
    public boolean take(String address) {
        return rates.take(Addresses.network(address), perSecond, burstSeconds) == 0;
    }
}
