package io.keck.room;

import io.keck.crdt.store.StructStore;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Clients that were in a life of a name when it ended on this node. The log knows those whose content was committed ({@link
 * EndedLives}); a tab that typed last, or the only one that ever typed, is known to the room alone. Its text must not come into
 * the next life either. Only this node remembers: a tab that comes back to another one is told apart by the log alone.
 *
 * <p>Bounded to {@value #MAX_IDS} ids; beyond it the names that ended first are forgotten. Thread-safe.
 */
final class EndedHere {
    static final int MAX_IDS = 100_000;

    /**
     * The clients of one name.
     *
     * @param writers whose updates had come and were not committed
     * @param present who were there
     * @param until when they are forgotten
     */
    private record Ended(Set<Long> writers, Set<Long> present, long until) {
        int ids() {
            return writers.size() + present.size();
        }
    }

    private final LongSupplier clock;
    private final long hold;
    /** The name that ended last comes last. */
    private final Map<String, Ended> byName = new LinkedHashMap<>();

    private int ids;

    /**
     * Nothing has ended.
     *
     * @param clock milliseconds of a steady clock
     * @param hold for how many of them a client is remembered
     */
    EndedHere(LongSupplier clock, long hold) {
        this.clock = clock;
        this.hold = hold;
    }

    /** A life of that name has ended. Clients of the life before are forgotten: they were refused in this one. */
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
     * Whether a peer that comes has typed in the life that ended: one who was there names itself only if it has typed.
     *
     * @param known the clients that the peer names
     * @param held what the life of today holds
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
     * Whether content is of the life that ended. Who was only there may have typed since, and is left alone.
     *
     * @param clients of the content
     * @param held what the life of today holds
     */
    synchronized boolean haveAnyOf(String name, Set<Long> clients, StructStore held) {
        Ended ended = of(name);
        return ended != null
                && clients.stream()
                        .anyMatch(client ->
                                held.clock(client) == 0 && ended.writers().contains(client));
    }
}
