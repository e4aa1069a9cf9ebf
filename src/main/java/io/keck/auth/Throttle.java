package io.keck.auth;

import io.keck.heap.Addresses;
import io.keck.heap.Rates;
import java.util.function.LongSupplier;

/**
 * Slows down addresses that present wrong credentials: each address may fail a few times and gains an attempt per second. A
 * credential that was verified shortly before is neither counted nor delayed. Bounded; thread-safe.
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

    /** Returns the seconds until the next attempt; 0 if it may be made now. */
    int wait(String address) {
        long millis = rates.wait(Addresses.network(address), 1, PER_SECOND, ATTEMPTS);
        return (int) ((millis + SECOND_MILLIS - 1) / SECOND_MILLIS);
    }

    /** Counts a wrong credential. */
    void failed(String address) {
        rates.charge(Addresses.network(address), 1, PER_SECOND, ATTEMPTS);
    }

    int size() {
        return rates.size();
    }
}
