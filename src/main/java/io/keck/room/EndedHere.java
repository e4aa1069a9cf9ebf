package io.keck.room;

import io.keck.crdt.store.StructStore;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The clients that were in a life of a name when it ended on this node. The log knows clients whose content was committed
 * ({@link EndedLives}). A tab that typed last, or the only one that ever typed, is known to the room alone, and its text must not
 * enter the next life either. Only this node remembers it; other nodes recognise a returning tab by the log alone.
 *
 * <p>Bounded to {@value #MAX_IDS} ids; above it the names that ended first are dropped. Thread-safe.
 */
final class EndedHere {
    static final int MAX_IDS = 100_000;

    /**
     * The clients of one name.
     *
     * @param writers clients whose updates had arrived and were not committed
     * @param present clients that were present
     * @param until when they are dropped
     */
    private record Ended(Set<Long> writers, Set<Long> present, long until) {
        int ids() {
            return writers.size() + present.size();
        }
    }

    private final LongSupplier clock;
    private final long hold;
    /** Ordered by the time at which the name ended, the latest last. */
    private final Map<String, Ended> byName = new LinkedHashMap<>();

    private int ids;

    /**
     * Starts without any ended life.
     *
     * @param clock milliseconds of a steady clock
     * @param hold milliseconds for which a client is remembered
     */
    EndedHere(LongSupplier clock, long hold) {
        this.clock = clock;
        this.hold = hold;
    }

    /** Records that a life of a name has ended. Clients of the life before are dropped: they were refused in this one. */
    synchronized void add(String name, Set<Long> writers, Set<Long> present) {
        forget(name);
        Ended ended = new Ended(few(writers), few(present), clock.getAsLong() + hold);
        if (ended.ids() > 0 && hold > 0) {
            byName.put(name, ended);
            ids += ended.ids();
        }
        while (ids > MAX_IDS) {
            forget(byName.keySet().iterator().next());
        }
    }

    private static Set<Long> few(Set<Long> clients) {
        return clients.stream().limit(EndedLives.MAX_CLIENTS).collect(Collectors.toUnmodifiableSet());
    }

    private void forget(String name) {
        Ended old = byName.remove(name);
        ids -= old == null ? 0 : old.ids();
    }

    private @Nullable Ended of(String name) {
        Ended ended = byName.get(name);
        if (ended != null && clock.getAsLong() >= ended.until()) {
            forget(name);
            return null;
        }
        return ended;
    }

    /**
     * Whether a joining peer has typed in the life that ended. A client that was only present names itself only if it has typed.
     *
     * @param known the clients that the peer's state vector names
     * @param held the content of the current life
     */
    synchronized boolean haveCopyIn(String name, Set<Long> known, StructStore held) {
        Ended ended = of(name);
        return ended != null
                && known.stream()
                        .anyMatch(client -> held.clock(client) == 0
                                && (ended.writers().contains(client)
                                        || ended.present().contains(client)));
    }

    /**
     * Whether content belongs to the life that ended. Clients that were only present may have typed since and are let through.
     *
     * @param clients the clients of the content
     * @param held the content of the current life
     */
    synchronized boolean haveAnyOf(String name, Set<Long> clients, StructStore held) {
        Ended ended = of(name);
        return ended != null
                && clients.stream()
                        .anyMatch(client ->
                                held.clock(client) == 0 && ended.writers().contains(client));
    }
}
