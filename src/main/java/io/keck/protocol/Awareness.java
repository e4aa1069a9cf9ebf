package io.keck.protocol;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The awareness states of a room: the clock rules of Yjs, plus an owner for each state. Not thread-safe; callers pass the
 * time in.
 *
 * <p>A state replaces one with a lower clock. A state with an equal clock counts only if it removes one that is present. A
 * server also has to know which connection a state belongs to: stock clients repeat states they heard from the server or
 * from another tab, and a peer can send states of any client.
 *
 * <ul>
 *   <li>A state belongs to the owner (a socket) that sent it first. While the owner is connected, no other owner can change
 *       or remove the state, whatever the clock. States that others send of that client are ignored; most are honest
 *       repetitions.
 *   <li>A client that reconnects sends its state with the clock it had. Its new socket <em>claims</em> the state with its
 *       first message. If the state is present, the server pings its owner: an answer within {@value #ANSWER_MS} ms keeps
 *       the state, silence hands it to the claimant. An owner that repeats a client other than its own must send a state of
 *       that client in time, because its pong proves nothing about the client.
 *   <li>An owner that lost a state through silence gets it back with its next message about that client.
 *   <li>The server never sends a state that the client itself did not send at that clock: a client adopts a state of itself
 *       with a higher clock and would lose its own changes. If peers would refuse the client's state because they saw a
 *       removal at the same clock, the server tells the client of that removal ({@link #takeReminders}). The client answers,
 *       as y-protocols does, with its state at the next clock; older messages still in flight are ignored. A server that has
 *       just opened the room does so for each client: peers remove all states when their server ends.
 *   <li>An owner may be another server, which speaks for its own sockets. If no socket here owns a client, states of it from
 *       two servers are judged by their clocks alone. A claim on a client of another server is passed to that server, which
 *       asks its socket; without an answer in {@value #ELSEWHERE_MS} ms the state changes hands. If another server sends a
 *       state of a client that is connected here, this server asks its own socket first.
 *   <li>A clock above 2^31 that leaps far beyond the known clock is refused, and so is a clock near 2^53: the client could
 *       not increment it.
 * </ul>
 *
 * <p>The states of a room are bounded in heap and in number. At the bound, remembered clocks of removed states are dropped
 * first, then the largest states of the owner that takes the most heap, even if that owner is the one adding a state.
 *
 * <p>Clocks of removed states are remembered for {@value #REMEMBER_MS} ms, so that a late message cannot bring back a client
 * that has left. Source: y-protocols {@code awareness.js}.
 *
 * @param <O> the type of owners; compared by identity
 */
public final class Awareness<O extends Awareness.Owner> {
    /** A connection that sends states: a socket, or another server. */
    public interface Owner {
        /** The largest number of clients this owner may send states of; states of further clients are ignored. */
        int maxStates();

        /** Whether the owner is another server, which speaks for sockets of its own. */
        boolean isElsewhere();

        /** The client that the owner claimed with its first message, or -1. */
        default long ownClient() {
            return -1;
        }

        /**
         * Pings the owner.
         *
         * @param client the client whose state is claimed
         * @return the id of the ping, for {@link #hasAnswered}
         */
        long ping(long client);

        /** Whether the owner has sent anything since that ping, or this server itself has stopped reading from it. */
        boolean hasAnswered(long ping);
    }

    /**
     * Milliseconds after which a state that was not renewed is removed, as in y-protocols; clients renew after half of that.
     */
    public static final long OUTDATED_MS = 30_000;
    /** Milliseconds for which the clock of a removed state is remembered. */
    public static final long REMEMBER_MS = 60_000;
    /** Milliseconds within which the owner of a claimed state has to answer the ping. */
    public static final long ANSWER_MS = 2_000;
    /** Milliseconds within which an owner on another server has to answer a claim. */
    public static final long ELSEWHERE_MS = 3_000;

    private final AwarenessBounds bounds;
    private final Map<Long, AwarenessEntry<O>> entries = new HashMap<>();
    private final AwarenessShares<O> shares = new AwarenessShares<>();
    private final AwarenessContests<O> contests = new AwarenessContests<>();
    private final AwarenessReminders<O> reminders = new AwarenessReminders<>();

    /** Creates an empty set of states, bounded by {@link AwarenessBounds#DEFAULT}. */
    public Awareness() {
        this(AwarenessBounds.DEFAULT);
    }

    /** Creates an empty set of states with those bounds. */
    public Awareness(AwarenessBounds bounds) {
        this.bounds = bounds;
    }

    /**
     * Applies one state that an owner sent.
     *
     * @param claim whether the state may be the first message of a client on a new socket
     * @param now milliseconds of any steady clock
     * @return the state to publish, or null if nothing changed for other clients
     */
    public @Nullable AwarenessState apply(AwarenessState s, O owner, boolean claim, long now) {
        AwarenessEntry<O> e = entries.get(s.client());
        if (!isWithinReach(s.clock(), e, owner)) {
            return null;
        }
        if (e == null) {
            if (s.clock() == 0 || isFull(owner)) {
                return null;
            }
            e = new AwarenessEntry<>(s.client());
            entries.put(s.client(), e);
            shares.added();
            set(e, s, s.clock(), owner, now);
            if (claim && e.present) {
                reminders.addUnknown(owner, s.client(), s.clock(), now);
            }
            return e.present ? s : null;
        }
        if (e.owner != owner && isFull(owner)) {
            return null;
        }
        if (e.owner == owner) {
            contests.heardOwner(e, s);
        } else if (e.present && e.owner != null && bounds.guards() && !(owner.isElsewhere() && e.owner.isElsewhere())) {
            return stranger(e, s, owner, claim || owner.ownClient() == s.client(), now);
        }
        return s.isRemoval() ? remove(e, s, owner, now) : take(e, s, owner, claim, now);
    }

    /** Whether the client could increment that clock; an unusually high clock must be close to the known one. */
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
            reminders.add(owner, s.client(), e.clock); // the client does not know of the removal at this clock
        } else if (e.owner != owner && s.clock() == e.clock && s.json().equals(e.json)) {
            setOwner(e, owner);
            e.updatedAt = now;
        }
        return null;
    }

    /** Returns and forgets the reminders; each goes to its owner alone and makes the client raise its clock. */
    public List<AwarenessReminder<O>> takeReminders() {
        return reminders.take();
    }

    /** Handles a state that an owner sent of a client that belongs to another, connected owner. */
    private @Nullable AwarenessState stranger(
            AwarenessEntry<O> e, AwarenessState s, O stranger, boolean claims, long now) {
        boolean isNewer = s.clock() > e.clock;
        if (stranger.isElsewhere()) {
            if (isNewer && !s.isRemoval() && (e.yields || e.previousOwner == stranger)) {
                set(e, s, s.clock(), stranger, now);
                return s;
            }
            if (isNewer && !s.isRemoval()) {
                contests.open(e, s, stranger, now);
            }
            return null;
        }
        if (e.previousOwner == stranger) {
            if (s.isRemoval() || s.clock() < e.previousClock) {
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

    /** Notes that a socket of another server claims a client; a socket here that has the client is pinged. */
    public void claimedElsewhere(long client, O server, long now) {
        AwarenessEntry<O> e = entries.get(client);
        if (e != null && e.present && e.owner != null && !e.owner.isElsewhere()) {
            contests.open(e, null, server, now);
        }
    }

    /** Whether any claim still waits for the answer of an owner. */
    public boolean isContested() {
        return contests.count() > 0;
    }

    /** Decides the claims whose time is up. Returns the changes to publish, all of them states of sockets of this server. */
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
                    reminders.add(
                            e.owner, e.client, c.claimed == null ? e.clock : Math.max(e.clock, c.claimed.clock()));
                }
            }
        }
        return changes;
    }

    /** Hands a claimed state to the claimant; returns the state to publish, or null. */
    private @Nullable AwarenessState handOver(AwarenessEntry<O> e, long now) {
        AwarenessEntry.Contest<O> c = e.contest;
        if (c == null) {
            return null;
        }
        AwarenessState s = c.claimed;
        O previousOwner = e.owner;
        long previousClock = e.clock;
        contests.end(e);
        if (s == null) {
            e.yields = true;
            return null;
        }
        AwarenessState change;
        if (e.present && s.clock() == e.clock && s.json().equals(e.json)) {
            setOwner(e, c.challenger);
            e.updatedAt = now;
            if (previousOwner != null && previousOwner.isElsewhere()) {
                reminders.add(c.challenger, e.client, e.clock); // peers of that server see the state removed
            }
            change = null;
        } else {
            change = moveTo(e, s, c.challenger, now);
        }
        e.previousOwner = previousOwner;
        e.previousClock = previousClock;
        return change;
    }

    /** Hands a state to another owner; publishes a removal if its clock is not above the known one. */
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
        boolean wasPresent = e.present;
        if (wasPresent && AwarenessContests.isBySocket(e)) {
            e.clock = Math.max(e.clock, s.clock());
            return handOver(e, now);
        }
        contests.end(e);
        set(e, s, Math.max(e.clock, s.clock()), owner, now);
        reminders.addRefused(e);
        return wasPresent ? AwarenessState.removed(s.client(), e.clock) : null;
    }

    private void set(AwarenessEntry<O> e, AwarenessState s, long clock, O owner, long now) {
        e.clock = clock;
        e.present = !s.isRemoval();
        if (e.owner != owner) {
            e.previousOwner = null;
            e.yields = false;
            contests.end(e);
        }
        setOwner(e, owner);
        setJson(e, e.present ? s.json() : "null");
        e.updatedAt = now;
    }

    private void setJson(AwarenessEntry<O> e, String json) {
        shares.changed(e.owner, AwarenessShares.heap(json) - AwarenessShares.heap(e.json));
        e.json = json;
    }

    private boolean isFull(O owner) {
        return shares.states(owner) >= owner.maxStates();
    }

    private void setOwner(AwarenessEntry<O> e, @Nullable O owner) {
        if (e.owner != owner) {
            shares.moved(e.owner, owner, AwarenessShares.heap(e.json));
            e.owner = owner;
            if (owner != null) {
                e.forget(owner);
            }
        }
    }

    /** Drops states until the bounds are met, and returns the removals to publish. Call it after applying states. */
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
        setOwner(e, null);
        setJson(e, "null");
        shares.forgotten();
    }

    /** Estimated heap of all states, in bytes. */
    public long memory() {
        return shares.bytes();
    }

    /** Removes the states of a disconnected owner; returns the removals, and states handed to claimants, to publish. */
    public List<AwarenessState> removeOwner(O owner, long now) {
        entries.values().forEach(e -> {
            if (e.contest != null && e.contest.challenger == owner) {
                contests.end(e);
            }
            if (e.previousOwner == owner) {
                e.previousOwner = null;
            }
            e.forget(owner);
        });
        return removeOthers(owner, Set.of(), now);
    }

    /**
     * Removes the states of an owner except those of some clients; returns the changes to publish, as {@link #removeOwner}
     * does.
     */
    public List<AwarenessState> removeOthers(O owner, Set<Long> keep, long now) {
        List<AwarenessState> changes = new ArrayList<>();
        entries.forEach((client, e) -> {
            if (e.owner != owner || keep.contains(client)) {
                return;
            }
            if (e.present && AwarenessContests.isBySocket(e)) {
                AwarenessState change = handOver(e, now);
                e.previousOwner = null;
                if (change != null) {
                    changes.add(change);
                }
                return;
            }
            contests.end(e);
            if (e.present) {
                changes.add(markRemoved(e, now));
            }
            setOwner(e, null);
        });
        return changes;
    }

    /** Removes states that were not renewed in time and drops old removed clocks; returns the removals to publish. */
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
                removals.add(markRemoved(e, now));
            }
        });
        return removals;
    }

    private AwarenessState markRemoved(AwarenessEntry<O> e, long now) {
        e.present = false;
        setJson(e, "null");
        e.updatedAt = now;
        reminders.addRefused(e);
        return AwarenessState.removed(e.client, e.clock);
    }

    /** The owner of that client's state; null if there is no state or its owner has disconnected. */
    public @Nullable O owner(long client) {
        AwarenessEntry<O> e = entries.get(client);
        return e == null ? null : e.owner;
    }

    /** The state of that client as this owner sent it last; null if the client is absent or belongs to another owner. */
    public @Nullable String json(long client, O owner) {
        AwarenessEntry<O> e = entries.get(client);
        return e != null && e.present && e.owner == owner ? e.json : null;
    }

    /** Whether the state of that client is present. */
    public boolean isPresent(long client) {
        AwarenessEntry<O> e = entries.get(client);
        return e != null && e.present;
    }

    /**
     * Tells that another server removed a client that is connected here: the client is reminded to send its state above that
     * clock.
     */
    public void removedElsewhere(long client, long clock) {
        AwarenessEntry<O> e = entries.get(client);
        if (e != null && e.present && e.owner != null && clock >= e.clock) {
            reminders.add(e.owner, client, clock);
        }
    }

    /** All present states. */
    public List<AwarenessState> states() {
        return states(owner -> true);
    }

    /** The present states of the owners that match. */
    public List<AwarenessState> states(Predicate<O> of) {
        List<AwarenessState> out = new ArrayList<>();
        entries.forEach((client, e) -> {
            if (e.present && e.owner != null && of.test(e.owner)) {
                out.add(new AwarenessState(client, e.clock, e.json));
            }
        });
        return out;
    }

    /** All present states, and a removal for each removed state that is still remembered. */
    public List<AwarenessState> everything() {
        List<AwarenessState> out = new ArrayList<>();
        entries.forEach((client, e) -> out.add(new AwarenessState(client, e.clock, e.json)));
        return out;
    }

    /** The known clock of that client, present or removed; 0 if the client is unknown. */
    public long clock(long client) {
        AwarenessEntry<O> e = entries.get(client);
        return e == null ? 0 : e.clock;
    }

    /** Whether no clock is known, not even of a removed state. */
    public boolean isEmpty() {
        return entries.isEmpty();
    }
}
