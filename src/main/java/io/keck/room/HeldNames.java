package io.keck.room;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Names of rooms that were deleted a moment ago. Whoever was in such a room comes back at once, and would make it anew
 * with all that was in it. Bounded: the log knows the rest. Thread-safe.
 */
final class HeldNames {
    private static final int MANY = 10_000;

    private final LongSupplier clock;
    private final long millis;
    private final Map<String, Long> until = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MANY;
        }
    };

    HeldNames(LongSupplier clock, long millis) {
        this.clock = clock;
        this.millis = millis;
    }

    synchronized void add(String name) {
        if (!contains(name)) {
            until.put(name, clock.getAsLong() + millis);
        }
    }

    synchronized boolean contains(String name) {
        Long end = until.get(name);
        if (end != null && clock.getAsLong() >= end) {
            until.remove(name);
            return false;
        }
        return end != null;
    }
}
