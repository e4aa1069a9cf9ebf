package io.keck.auth;

import io.keck.heap.Addresses;
import io.keck.heap.Rates;
import java.util.function.LongSupplier;

/**
 * Slows down addresses that present wrong credentials: each has some attempts in store, and gets one back every second. A
 * credential that was found good a moment ago is not counted and not slowed. Bounded; thread-safe.
 */
final class Throttle {
    static final int ATTEMPTS = 20;
    private static final int MAX_ADDRESSES = 10_000;
    private static final int PER_SECOND = 1;
    private static final long SECOND_MILLIS = 1_000;

    private final Rates rates;

    /** @param steady milliseconds of a steady clock */
    Throttle(LongSupplier steady) {
        this.rates = new Rates(MAX_ADDRESSES, steady);
    }

    /** Seconds to wait until the next attempt; 0 if it may be made now. */
    int wait(String address) {
        long millis = rates.wait(Addresses.network(address), 1, PER_SECOND, ATTEMPTS);
        return (int) ((millis + SECOND_MILLIS - 1) / SECOND_MILLIS);
    }

    /** Notes a wrong credential. */
    void failed(String address) {
        rates.charge(Addresses.network(address), 1, PER_SECOND, ATTEMPTS);
    }

    int size() {
        return rates.size();
    }
}
