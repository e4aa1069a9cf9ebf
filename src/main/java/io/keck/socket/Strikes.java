package io.keck.socket;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Counts the connections that were closed for their own malformed or oversized messages, by address and room, and says how
 * long the close of the next one is to be held back. Clients before y-websocket 3.1 come back at once whatever the close
 * code says, and would repeat the same mistake several times a second.
 *
 * <p>Only the close of a connection that has just offended is late. To refuse or to slow down the address would hit
 * everyone behind it, an office or a proxy; a new connection shows nothing that tells the offender from its neighbours. So
 * a neighbour with a healthy client notices nothing, and a neighbour that offends for the first time hears of it later.
 *
 * <p>Kicks and deletions are no offences: the peer did nothing wrong. Bounded; thread-safe.
 */
final class Strikes {
    /** The longest hold, below the 30 s of silence after which y-websocket reconnects by itself. */
    static final long MAX_HOLD_MS = 20_000;

    private static final long FIRST_HOLD_MS = 1_000;
    /** After this time without an offence, counted from the end of the last hold, the next one is the first again. */
    private static final long FORGET_AFTER_MS = 60_000;

    private static final int MAX_ENTRIES = 10_000;

    private record Key(String address, String room) {}

    private record Strike(long hold, long forgetAt) {}

    private final LongSupplier clock;
    private final Map<Key, Strike> strikes = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Strike> eldest) {
            return size() > MAX_ENTRIES;
        }
    };

    /** @param clock milliseconds of a steady clock */
    Strikes(LongSupplier clock) {
        this.clock = clock;
    }

    /**
     * Notes an offence.
     *
     * @return milliseconds to hold the close back: 0 for the first offence, then 1 s, and twice as long each time
     */
    synchronized long offence(String address, String room) {
        long now = clock.getAsLong();
        Key key = new Key(address, room);
        Strike before = strikes.remove(key); // put again below, as the youngest
        long hold = before == null || now >= before.forgetAt()
                ? 0
                : Math.min(MAX_HOLD_MS, Math.max(FIRST_HOLD_MS, 2 * before.hold()));
        strikes.put(key, new Strike(hold, now + hold + FORGET_AFTER_MS));
        return hold;
    }
}
