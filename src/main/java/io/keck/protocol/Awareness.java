package io.keck.protocol;

import io.keck.crdt.lib0.Decoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The awareness states of a room, with Yjs's clock rules and with owners. Not thread-safe; time is handed in.
 *
 * <p>A state with a higher clock replaces one with a lower clock; the same clock counts only as the removal of a state
 * that is there. Beyond that, a server has to know whose a state is, because stock clients repeat to the server what
 * they heard from it:
 *
 * <ul>
 *   <li>A state belongs to the owner (a socket) that sent it last. Only the end of that owner removes it, and only that
 *       owner may remove it without raising the clock.
 *   <li>A client that comes back sends its state with the clock it had. Its new socket may <em>claim</em> the state with
 *       its first message: it becomes the owner, though the clock is the same.
 *   <li>If the state was removed meanwhile, peers would refuse it at the clock they saw removed, so it is published with
 *       the next one; the client itself takes that clock over when it hears it, and repeats its state with it, which
 *       is no news.
 *   <li>An owner may be another server, which speaks for its own sockets. It is heard by the clocks alone. A client that
 *       comes here from there gets the next clock, so that whatever the other server says of its leaving is older.
 * </ul>
 *
 * <p>Removed clocks are remembered for {@value #REMEMBER_MS} ms, so that a late message cannot bring back a client that
 * has left. Source: y-protocols {@code awareness.js}.
 *
 * @param <O> what owns states; compared by identity
 */
public final class Awareness<O extends Awareness.Owner> {
    /** Who sends states. */
    public interface Owner {
        /** How many clients it may speak for; it is not heard for more. */
        int maxStates();

        /** Whether it is another server, which has sockets of its own. */
        boolean isElsewhere();
    }

    /** A state that nobody renews is removed after this time, as in y-protocols; clients renew after half of it. */
    public static final long OUTDATED_MS = 30_000;
    /** How long the clock of a removed state is remembered. */
    public static final long REMEMBER_MS = 60_000;

    /** Bytes of heap that an entry takes beside the chars of its state. */
    private static final long ENTRY_BYTES = 200;

    private final Map<Long, Entry<O>> entries = new HashMap<>();
    /** How many states each owner has, present or remembered. */
    private final IdentityHashMap<O, Integer> owned = new IdentityHashMap<>();

    private static final class Entry<O> {
        /** The clock we published. */
        long clock;
        /** The owner's own clock; behind {@link #clock} when we had to raise it. */
        long sentClock;

        String json = "null";
        boolean present;

        @Nullable
        O owner;

        long updatedAt;
    }

    /**
     * Takes in one state.
     *
     * @param claim whether this may be a client's first word on a new socket
     * @param now milliseconds of any steady clock
     * @return the state to publish, or null where nothing changed for anyone
     */
    public @Nullable AwarenessState apply(AwarenessState s, O owner, boolean claim, long now) {
        Entry<O> e = entries.get(s.client());
        if (e == null) {
            if (s.clock() == 0 || full(owner)) {
                return null;
            }
            e = new Entry<>();
            entries.put(s.client(), e);
            set(e, s, s.clock(), owner, now);
            return e.present ? s : null;
        }
        if (e.owner != owner && full(owner)) {
            return null;
        }
        if (s.isRemoval()) {
            return remove(e, s, owner, now);
        }
        if (s.clock() > e.clock) {
            set(e, s, s.clock(), owner, now);
            return s;
        }
        boolean newerThanOwnersLast = e.owner == owner && s.clock() > e.sentClock;
        // of what another node has or had, the clock may be one that the client never heard of
        boolean lower = e.owner != null && !e.owner.isElsewhere() && s.clock() < e.sentClock;
        boolean comesBack = claim && e.owner != owner && !lower;
        if (!newerThanOwnersLast && !comesBack) {
            return null;
        }
        boolean tookOurClockOver = newerThanOwnersLast && s.clock() == e.clock;
        boolean moved = comesBack && e.owner != null && e.owner.isElsewhere();
        if (!moved && (comesBack || tookOurClockOver) && e.present && s.json().equals(e.json)) {
            own(e, owner);
            e.sentClock = s.clock();
            e.updatedAt = now;
            return null;
        }
        set(e, s, Math.min(e.clock + 1, Decoder.MAX_SAFE_INTEGER), owner, now);
        return new AwarenessState(s.client(), e.clock, s.json());
    }

    private @Nullable AwarenessState remove(Entry<O> e, AwarenessState s, O owner, long now) {
        boolean newer = s.clock() > e.clock;
        boolean own = e.owner == owner && s.clock() >= e.sentClock && e.present;
        if (!newer && !own) {
            return null;
        }
        boolean was = e.present;
        set(e, s, Math.max(e.clock, s.clock()), owner, now);
        return was ? AwarenessState.removed(s.client(), e.clock) : null;
    }

    private void set(Entry<O> e, AwarenessState s, long clock, O owner, long now) {
        e.clock = clock;
        e.sentClock = s.clock();
        e.present = !s.isRemoval();
        e.json = e.present ? s.json() : "null";
        own(e, owner);
        e.updatedAt = now;
    }

    private boolean full(O owner) {
        return owned.getOrDefault(owner, 0) >= owner.maxStates();
    }

    private void own(Entry<O> e, @Nullable O owner) {
        if (e.owner == owner) {
            return;
        }
        if (e.owner != null) {
            owned.computeIfPresent(e.owner, (o, n) -> n > 1 ? n - 1 : null);
        }
        if (owner != null) {
            owned.merge(owner, 1, Integer::sum);
        }
        e.owner = owner;
    }

    /** Removes every state of that owner, who is not heard of again; the removals are to be published. */
    public List<AwarenessState> removeOwner(O owner, long now) {
        return removeOthers(owner, Set.of(), now);
    }

    /** Removes the states of that owner but for some clients; the removals are to be published. */
    public List<AwarenessState> removeOthers(O owner, Set<Long> keep, long now) {
        List<AwarenessState> removals = new ArrayList<>();
        entries.forEach((client, e) -> {
            if (e.owner == owner && !keep.contains(client)) {
                if (e.present) {
                    removals.add(gone(client, e, now));
                }
                own(e, null);
            }
        });
        return removals;
    }

    /** Removes what nobody renewed, and forgets what was removed long ago; the removals are to be published. */
    public List<AwarenessState> expire(long now) {
        List<AwarenessState> removals = new ArrayList<>();
        entries.values().removeIf(e -> {
            boolean forget = !e.present && now - e.updatedAt >= REMEMBER_MS;
            if (forget) {
                own(e, null);
            }
            return forget;
        });
        entries.forEach((client, e) -> {
            if (e.present && now - e.updatedAt >= OUTDATED_MS) {
                removals.add(gone(client, e, now));
            }
        });
        return removals;
    }

    private AwarenessState gone(long client, Entry<O> e, long now) {
        e.present = false;
        e.json = "null";
        e.updatedAt = now;
        return AwarenessState.removed(client, e.clock);
    }

    /** Who sent the state of that client; null where there is none, or nobody who has it is there any more. */
    public @Nullable O owner(long client) {
        Entry<O> e = entries.get(client);
        return e == null ? null : e.owner;
    }

    /** The state of that client as this owner sent it last; null where the client is not there or another owner has it. */
    public @Nullable String json(long client, O owner) {
        Entry<O> e = entries.get(client);
        return e != null && e.present && e.owner == owner ? e.json : null;
    }

    /** Whether that client is there. */
    public boolean isPresent(long client) {
        Entry<O> e = entries.get(client);
        return e != null && e.present;
    }

    /**
     * Gives the state of a client a clock above the one it has and above another.
     *
     * @return the state to publish, or null where none is there
     */
    public @Nullable AwarenessState raise(long client, long above) {
        Entry<O> e = entries.get(client);
        if (e == null || !e.present) {
            return null;
        }
        e.clock = Math.min(Math.max(e.clock, above) + 1, Decoder.MAX_SAFE_INTEGER);
        return new AwarenessState(client, e.clock, e.json);
    }

    /** All states that are there. */
    public List<AwarenessState> states() {
        return states(owner -> true);
    }

    /** All states that are there of some owners. */
    public List<AwarenessState> states(Predicate<O> of) {
        List<AwarenessState> out = new ArrayList<>();
        entries.forEach((client, e) -> {
            if (e.present && e.owner != null && of.test(e.owner)) {
                out.add(new AwarenessState(client, e.clock, e.json));
            }
        });
        return out;
    }

    /** All states, and of those that were removed and are still remembered the removals. */
    public List<AwarenessState> everything() {
        List<AwarenessState> out = new ArrayList<>();
        entries.forEach((client, e) -> out.add(new AwarenessState(client, e.clock, e.json)));
        return out;
    }

    /** The clock known of that client, removed or not; 0 when there is none. */
    public long clock(long client) {
        Entry<O> e = entries.get(client);
        return e == null ? 0 : e.clock;
    }

    /** Bytes of heap that the states take, roughly. Looks at all. */
    public long memory() {
        long sum = 0;
        for (Entry<O> e : entries.values()) {
            sum += ENTRY_BYTES + bytes(e.json);
        }
        return sum;
    }

    /** A string has one byte for each char as long as all of them are of Latin-1, and else two for each. */
    private static long bytes(String text) {
        int at = 0;
        while (at < text.length() && text.charAt(at) <= 0xff) {
            at++;
        }
        return at == text.length() ? at : 2L * text.length();
    }

    /** Whether nothing is known at all, not even a removed clock. */
    public boolean isEmpty() {
        return entries.isEmpty();
    }
}
