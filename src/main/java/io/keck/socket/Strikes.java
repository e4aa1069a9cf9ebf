package io.keck.socket;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Counts the connections that were closed for malformed or oversized messages, by address and room, and computes the delay
 * of the next such close. Clients before y-websocket 3.1 reconnect at once whatever the close code, and would repeat the
 * same mistake several times a second.
 *
 * <p>Only the close of the offending connection is delayed. Refusing or slowing down the address would hit everyone behind
 * it, an office or a proxy, since a new connection does not show whether it belongs to the offender. A neighbour with a
 * healthy client notices nothing; a neighbour that offends for the first time is closed later than it would be otherwise.
 *
 * <p>Kicks and deletions are no offences. Bounded; thread-safe.
 */
final class Strikes {
    /** The longest delay in milliseconds, below the 30 s of silence after which y-websocket reconnects by itself. */
    static final long MAX_DELAY_MS = 20_000;

    private static final long FIRST_DELAY_MS = 1_000;
    /**
     * Milliseconds without an offence, from the end of the last delay, after which an offence counts as the first one again.
     */
    private static final long FORGET_AFTER_MS = 60_000;

    private static final int MAX_ENTRIES = 10_000;

    private record Key(String address, String room) {}

    private record Strike(long delay, long forgetAt) {}

    private final LongSupplier clock;
    private final Map<Key, Strike> strikes = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Strike> eldest) {
            return size() > MAX_ENTRIES;
        }
    };

    /** @param clock a steady clock in milliseconds */
    Strikes(LongSupplier clock) {
        this.clock = clock;
    }

    /**
     * Notes an offence.
     *
     * @return milliseconds to delay the close: 0 for the first offence, then 1 s, then twice as long each time
     */
    synchronized long offence(String address, String room) {
        long now = clock.getAsLong();
        Key key = new Key(address, room);
        Strike before = strikes.remove(key); // inserted again below, as the newest entry
        long delay = before == null || now >= before.forgetAt()
                ? 0
                : Math.min(MAX_DELAY_MS, Math.max(FIRST_DELAY_MS, 2 * before.delay()));
        strikes.put(key, new Strike(delay, now + delay + FORGET_AFTER_MS));
        return delay;
    }
}
