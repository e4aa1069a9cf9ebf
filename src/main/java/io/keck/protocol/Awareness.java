package io.keck.protocol;

import java.util.ArrayList;
import java.util.HashMap;
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
 * they heard from it or from another tab, and because a peer may say of others whatever it likes:
 *
 * <ul>
 *   <li>A state belongs to the owner (a socket) that brought it. While that owner is there nobody else changes or
 *       removes it, whatever the clock. What others say of it is ignored: most of it is an honest repetition.
 *   <li>A client that comes back sends its state with the clock it had. Its new socket <em>claims</em> the state with
 *       its first message. Where the state is there, the owner is asked for a sign of life; an answer within
 *       {@value #ANSWER_MS} ms leaves the state where it is, silence hands it to the claimant. An owner that repeats a
 *       client other than its own has to say something of that client within the time, since its answer shows nothing.
 *   <li>An owner from which a state was taken for its silence gets it back when it speaks again.
 *   <li>The server never says of a client what the client did not say at that clock: a client takes over what it hears of
 *       itself under a higher clock, and would lose what it has done meanwhile. Where peers would refuse its state at the
 *       clock that it has, since they saw a removal there, the client is told of that removal ({@link #takeReminders}).
 *       It answers with its state one above, as y-protocols does, and what is under way before that is passed over.
 *   <li>An owner may be another server, which speaks for its own sockets. What two servers say of a client that neither
 *       of them owns here is judged by the clocks alone. A claim of a client that another server has is put to that
 *       server, which asks its socket; without an answer in {@value #ELSEWHERE_MS} ms the state changes hands. A state
 *       that another server says of a client that is here makes this one ask its own socket first.
 *   <li>A clock above 2^31 that is not near the one that is known is refused, and so is one near 2^53: the client whose
 *       clock it would become could not raise it.
 * </ul>
 *
 * <p>All states together are bounded, by heap and by number. At the bound removed clocks are forgotten first, then the
 * largest states of the owner that takes most, which may be the one that wants more.
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

        /** The client that it claimed with its first message, or -1. */
        default long ownClient() {
            return -1;
        }

        /**
         * Asks for a sign of life.
         *
         * @param client on whose account
         * @return what {@link #hasAnswered} is to be told
         */
        long ping(long client);

        /** Whether anything came from it since that ping, or it is kept from answering by the server itself. */
        boolean hasAnswered(long ping);
    }

    /** A state that nobody renews is removed after this time, as in y-protocols; clients renew after half of it. */
    public static final long OUTDATED_MS = 30_000;
    /** How long the clock of a removed state is remembered. */
    public static final long REMEMBER_MS = 60_000;
    /** How long the owner of a state that is claimed may take to show that it is there. */
    public static final long ANSWER_MS = 2_000;
    /** The same for an owner on another server. */
    public static final long ELSEWHERE_MS = 3_000;

    private final AwarenessBounds bounds;
    private final Map<Long, AwarenessEntry<O>> entries = new HashMap<>();
    private final AwarenessShares<O> shares = new AwarenessShares<>();
    private final AwarenessContests<O> contests = new AwarenessContests<>();
    private final AwarenessReminders<O> reminders = new AwarenessReminders<>();

    /** No states yet, within {@link AwarenessBounds#DEFAULT}. */
    public Awareness() {
        this(AwarenessBounds.DEFAULT);
    }

    /** No states yet. */
    public Awareness(AwarenessBounds bounds) {
        this.bounds = bounds;
    }

    /**
     * Takes in one state.
     *
     * @param claim whether this may be a client's first word on a new socket
     * @param now milliseconds of any steady clock
     * @return the state to publish, or null where nothing changed for anyone
     */
    public @Nullable AwarenessState apply(AwarenessState s, O owner, boolean claim, long now) {
        AwarenessEntry<O> e = entries.get(s.client());
        if (!isWithinReach(s.clock(), e, owner)) {
            return null;
        }
        if (e == null) {
            if (s.clock() == 0 || full(owner)) {
                return null;
            }
            e = new AwarenessEntry<>(s.client());
            entries.put(s.client(), e);
            shares.added();
            set(e, s, s.clock(), owner, now);
            return e.present ? s : null;
        }
        if (e.owner != owner && full(owner)) {
            return null;
        }
        if (e.owner == owner) {
            contests.heardOwner(e, s);
        } else if (e.present && e.owner != null && bounds.guards() && !(owner.isElsewhere() && e.owner.isElsewhere())) {
            return stranger(e, s, owner, claim || owner.ownClient() == s.client(), now);
        }
        return s.isRemoval() ? remove(e, s, owner, now) : take(e, s, owner, claim, now);
    }

    /** Whether the client could raise that clock; a clock that the usual use of a client does not reach may not leap. */
    private boolean isWithinReach(long clock, @Nullable AwarenessEntry<O> e, O owner) {
        long known = owner.isElsewhere() ? AwarenessBounds.MAX_CLOCK : e == null ? 0 : e.clock;
        return !bounds.guards() || AwarenessBounds.isWithinReach(clock, known);
    }

    private @Nullable AwarenessState take(AwarenessEntry<O> e, AwarenessState s, O owner, boolean claim, long now) {
        if (s.clock() > e.clock) {
            set(e, s, s.clock(), owner, now);
            return s;
        }
        if (!claim && owner.ownClient() != s.client()) {
            return null;
        }
        if (!e.present) {
            reminders.add(owner, s.client(), e.clock); // it has missed the clock of the removal
        } else if (e.owner != owner && s.clock() == e.clock && s.json().equals(e.json)) {
            own(e, owner);
            e.updatedAt = now;
        }
        return null;
    }

    /**
     * Owners of this server that have to say a state anew, each with the removal that makes its client do so; nobody else is
     * to hear it. Empties the list.
     */
    public List<AwarenessReminder<O>> takeReminders() {
        return reminders.take();
    }

    /** Somebody speaks of a client that another owner has, who is there. */
    private @Nullable AwarenessState stranger(
            AwarenessEntry<O> e, AwarenessState s, O stranger, boolean claims, long now) {
        boolean isNewer = s.clock() > e.clock;
        if (stranger.isElsewhere()) {
            if (isNewer && !s.isRemoval() && (e.yields || e.before == stranger)) {
                set(e, s, s.clock(), stranger, now);
                return s;
            }
            if (isNewer && !s.isRemoval()) {
                contests.open(e, s, stranger, now);
            }
            return null;
        }
        if (e.before == stranger) {
            if (s.isRemoval() || s.clock() < e.sentBefore) {
                return null;
            }
            return moveTo(e, s, stranger, now);
        }
        if (claims && !s.isRemoval()) {
            e.refuse(stranger, s.clock());
            contests.open(e, s, stranger, now);
        }
        return null;
    }

    /**
     * Another server has a socket that claims a client. Where the client is here, its socket is asked for a sign of life: if
     * it stays silent, the next word of another server on the client counts.
     */
    public void claimedElsewhere(long client, O server, long now) {
        AwarenessEntry<O> e = entries.get(client);
        if (e != null && e.present && e.owner != null && !e.owner.isElsewhere()) {
            contests.open(e, null, server, now);
        }
    }

    /** Whether a claim waits for the answer of an owner. */
    public boolean isContested() {
        return contests.count() > 0;
    }

    /** Decides the claims whose time is over; the changes are to be published, states of this server's sockets all of them. */
    public List<AwarenessState> settle(long now) {
        if (contests.count() == 0) {
            return List.of();
        }
        List<AwarenessState> changes = new ArrayList<>();
        for (AwarenessEntry<O> e : entries.values()) {
            AwarenessEntry.Contest<O> c = e.contest;
            if (c == null || now < c.until) {
                continue;
            }
            if (!AwarenessContests.keeps(e, c)) {
                AwarenessState change = handOver(e, now);
                if (change != null) {
                    changes.add(change);
                }
            } else {
                contests.end(e);
                if (c.challenger.isElsewhere() && e.owner != null) {
                    reminders.add(e.owner, e.client, c.said == null ? e.clock : Math.max(e.clock, c.said.clock()));
                }
            }
        }
        return changes;
    }

    /** Gives a claimed state to the claimant; what is to be published, or null. */
    private @Nullable AwarenessState handOver(AwarenessEntry<O> e, long now) {
        AwarenessEntry.Contest<O> c = e.contest;
        if (c == null) {
            return null;
        }
        AwarenessState s = c.said;
        O before = e.owner;
        long sentBefore = e.clock;
        contests.end(e);
        if (s == null) {
            e.yields = true;
            return null;
        }
        AwarenessState change;
        if (e.present && s.clock() == e.clock && s.json().equals(e.json)) {
            own(e, c.challenger);
            e.updatedAt = now;
            if (before != null && before.isElsewhere()) {
                reminders.add(c.challenger, e.client, e.clock); // that server's own peers see it go
            }
            change = null;
        } else {
            change = moveTo(e, s, c.challenger, now);
        }
        e.before = before;
        e.sentBefore = sentBefore;
        return change;
    }

    /**
     * Gives a state to another owner. Where what that one says is not above the clock that is known, the state is removed for
     * everybody, and the new owner, who hears it too, says its own above that.
     */
    private AwarenessState moveTo(AwarenessEntry<O> e, AwarenessState s, O owner, long now) {
        if (s.clock() > e.clock) {
            set(e, s, s.clock(), owner, now);
            return s;
        }
        AwarenessState removal = AwarenessState.removed(e.client, e.clock);
        set(e, removal, e.clock, owner, now);
        reminders.addRefused(e);
        return removal;
    }

    private @Nullable AwarenessState remove(AwarenessEntry<O> e, AwarenessState s, O owner, long now) {
        boolean newer = s.clock() > e.clock;
        boolean own = e.owner == owner && s.clock() >= e.clock && e.present;
        if (!newer && !own) {
            return null;
        }
        boolean was = e.present;
        if (was && AwarenessContests.isBySocket(e)) {
            e.clock = Math.max(e.clock, s.clock());
            return handOver(e, now);
        }
        contests.end(e);
        set(e, s, Math.max(e.clock, s.clock()), owner, now);
        reminders.addRefused(e);
        return was ? AwarenessState.removed(s.client(), e.clock) : null;
    }

    private void set(AwarenessEntry<O> e, AwarenessState s, long clock, O owner, long now) {
        e.clock = clock;
        e.present = !s.isRemoval();
        if (e.owner != owner) {
            e.before = null;
            e.yields = false;
            contests.end(e);
        }
        own(e, owner);
        say(e, e.present ? s.json() : "null");
        e.updatedAt = now;
    }

    private void say(AwarenessEntry<O> e, String json) {
        shares.changed(e.owner, AwarenessShares.heap(json) - AwarenessShares.heap(e.json));
        e.json = json;
    }

    private boolean full(O owner) {
        return shares.states(owner) >= owner.maxStates();
    }

    private void own(AwarenessEntry<O> e, @Nullable O owner) {
        if (e.owner != owner) {
            shares.moved(e.owner, owner, AwarenessShares.heap(e.json));
            e.owner = owner;
            if (owner != null) {
                e.forget(owner);
            }
        }
    }

    /**
     * Keeps all states within their bounds; to be called after states were taken in.
     *
     * @return removals to be published
     */
    public List<AwarenessState> shrink(long now) {
        List<AwarenessState> removals = new ArrayList<>();
        if (!isTooMuch()) {
            return removals;
        }
        entries.values().removeIf(e -> {
            boolean forget = !e.present;
            if (forget) {
                forget(e);
            }
            return forget;
        });
        while (isTooMuch()) {
            AwarenessEntry<O> victim = AwarenessEntry.longest(entries.values(), shares.largest());
            if (victim == null) {
                return removals;
            }
            removals.add(AwarenessState.removed(victim.client, victim.clock));
            reminders.addRefused(victim);
            forget(victim);
            entries.remove(victim.client);
        }
        return removals;
    }

    private boolean isTooMuch() {
        return shares.bytes() > bounds.maxBytes() || entries.size() > bounds.maxStates();
    }

    private void forget(AwarenessEntry<O> e) {
        contests.end(e);
        own(e, null);
        say(e, "null");
        shares.forgotten();
    }

    /** Bytes of heap that all states take, roughly. */
    public long memory() {
        return shares.bytes();
    }

    /**
     * Removes every state of that owner, who is not heard of again. The changes are to be published: removals, and states
     * that somebody else had claimed and now has.
     */
    public List<AwarenessState> removeOwner(O owner, long now) {
        entries.values().forEach(e -> {
            if (e.contest != null && e.contest.challenger == owner) {
                contests.end(e);
            }
            if (e.before == owner) {
                e.before = null;
            }
            e.forget(owner);
        });
        return removeOthers(owner, Set.of(), now);
    }

    /** Removes the states of that owner but for some clients; the changes are to be published as with {@link #removeOwner}. */
    public List<AwarenessState> removeOthers(O owner, Set<Long> keep, long now) {
        List<AwarenessState> changes = new ArrayList<>();
        entries.forEach((client, e) -> {
            if (e.owner != owner || keep.contains(client)) {
                return;
            }
            if (e.present && AwarenessContests.isBySocket(e)) {
                AwarenessState change = handOver(e, now);
                e.before = null;
                if (change != null) {
                    changes.add(change);
                }
                return;
            }
            contests.end(e);
            if (e.present) {
                changes.add(gone(e, now));
            }
            own(e, null);
        });
        return changes;
    }

    /** Removes what nobody renewed, and forgets what was removed long ago; the removals are to be published. */
    public List<AwarenessState> expire(long now) {
        List<AwarenessState> removals = new ArrayList<>();
        entries.values().removeIf(e -> {
            boolean forget = !e.present && now - e.updatedAt >= REMEMBER_MS;
            if (forget) {
                forget(e);
            }
            return forget;
        });
        entries.values().forEach(e -> {
            if (e.present && now - e.updatedAt >= OUTDATED_MS) {
                contests.end(e);
                removals.add(gone(e, now));
            }
        });
        return removals;
    }

    private AwarenessState gone(AwarenessEntry<O> e, long now) {
        e.present = false;
        say(e, "null");
        e.updatedAt = now;
        reminders.addRefused(e);
        return AwarenessState.removed(e.client, e.clock);
    }

    /** Who sent the state of that client; null where there is none, or nobody who has it is there any more. */
    public @Nullable O owner(long client) {
        AwarenessEntry<O> e = entries.get(client);
        return e == null ? null : e.owner;
    }

    /** The state of that client as this owner sent it last; null where the client is not there or another owner has it. */
    public @Nullable String json(long client, O owner) {
        AwarenessEntry<O> e = entries.get(client);
        return e != null && e.present && e.owner == owner ? e.json : null;
    }

    /** Whether that client is there. */
    public boolean isPresent(long client) {
        AwarenessEntry<O> e = entries.get(client);
        return e != null && e.present;
    }

    /** Another server has seen a client go that is here: the client is to say its state above that clock. */
    public void removedElsewhere(long client, long clock) {
        AwarenessEntry<O> e = entries.get(client);
        if (e != null && e.present && e.owner != null && clock >= e.clock) {
            reminders.add(e.owner, client, clock);
        }
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
        AwarenessEntry<O> e = entries.get(client);
        return e == null ? 0 : e.clock;
    }

    /** Whether nothing is known at all, not even a removed clock. */
    public boolean isEmpty() {
        return entries.isEmpty();
    }
}
