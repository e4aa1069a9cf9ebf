package io.keck.socket;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Remembers who was closed for good. Clients older than y-websocket 3.1 come back at once whatever the close code says;
 * an address that was closed as final twice within a minute on a room is refused with an HTTP status for a while, which
 * costs less. Bounded; thread-safe.
 */
final class Strikes {
    private static final long WINDOW_MS = 60_000;
    private static final long PENALTY_MS = 30_000;
    private static final int MAX_ENTRIES = 10_000;

    private record Key(String address, String room) {
        /** An IPv6 address comes with brackets from a request and without from its connection. */
        static Key of(String address, String room) {
            boolean brackets = address.startsWith("[") && address.endsWith("]");
            return new Key(brackets ? address.substring(1, address.length() - 1) : address, room);
        }
    }

    private record Strike(long at, int code, long refusedUntil) {}

    private final LongSupplier clock;
    private final Map<Key, Strike> strikes = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Strike> eldest) {
            return size() > MAX_ENTRIES;
        }
    };

    Strikes(LongSupplier clock) {
        this.clock = clock;
    }

    /** Notes that a connection was closed with a final code. */
    synchronized void closed(String address, String room, int code) {
        long now = clock.getAsLong();
        Key key = Key.of(address, room);
        Strike before = strikes.remove(key);
        boolean second = before != null && now - before.at() <= WINDOW_MS;
        strikes.put(key, new Strike(now, code, second ? now + PENALTY_MS : 0));
    }

    /** The HTTP status to refuse with, or 0. */
    synchronized int status(String address, String room) {
        Strike strike = strikes.get(Key.of(address, room));
        return strike == null || clock.getAsLong() >= strike.refusedUntil() ? 0 : strike.code() - 4000;
    }
}
