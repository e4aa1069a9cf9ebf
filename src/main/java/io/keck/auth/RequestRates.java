package io.keck.auth;

import io.keck.access.Caller;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Counts the requests of each principal against its limit: ten seconds' worth may come at once. Bounded; thread-safe. */
final class RequestRates {
    private static final long BURST_MILLIS = 10_000;
    private static final int MAX_PRINCIPALS = 10_000;

    private final LongSupplier steady;
    /** When the store of a principal is full again. */
    private final Map<String, Double> fullAt = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Double> eldest) {
            return size() > MAX_PRINCIPALS;
        }
    };

    /** @param steady milliseconds of a steady clock */
    RequestRates(LongSupplier steady) {
        this.steady = steady;
    }

    /** Counts one request: 0, or the seconds to wait where it is one too many. */
    int take(Caller caller) {
        int limit = caller.limits().requestsPerSecond();
        if (limit == Integer.MAX_VALUE) {
            return 0;
        }
        double each = 1_000.0 / limit;
        synchronized (this) {
            double now = steady.getAsLong();
            double full = Math.max(now, fullAt.getOrDefault(caller.principal().id(), now)) + each;
            if (full - now > BURST_MILLIS) {
                return (int) Math.max(1, Math.ceil((full - now - BURST_MILLIS) / 1_000));
            }
            fullAt.put(caller.principal().id(), full);
            return 0;
        }
    }
}
