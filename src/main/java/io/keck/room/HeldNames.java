package io.keck.room;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Caches the names that were held when this node last learned of them, so that a socket for any other name needs no
 * query. The cache is a hint: a back end on another node may have created the document meanwhile, so the log is asked
 * before a socket is refused. Its size is bounded: if a name is missing here, the log refuses the socket when it opens
 * the room. Thread-safe.
 */
final class HeldNames {
    private static final int MAX_NAMES = 10_000;

    private final LongSupplier clock;
    private final Map<String, Long> until = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MAX_NAMES;
        }
    };

    HeldNames(LongSupplier clock) {
        this.clock = clock;
    }

    /** Records that the log holds a name for {@code millis} more milliseconds; 0 if it does not. */
    synchronized void heldFor(String name, long millis) {
        until.remove(name);
        if (millis > 0) {
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
