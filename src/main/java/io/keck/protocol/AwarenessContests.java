package io.keck.protocol;

import org.jspecify.annotations.Nullable;

/** Claims on states whose owners are still connected, and the rules that decide them; see {@link Awareness}. */
final class AwarenessContests<O extends Awareness.Owner> {
    private int count;

    /** The number of undecided claims. */
    int count() {
        return count;
    }

    /**
     * Opens a claim on a state and pings its owner, unless the ping of an earlier claim is still open.
     *
     * @param claimed the state that the challenger sent; null if another server only asks
     */
    void open(AwarenessEntry<O> e, @Nullable AwarenessState claimed, O challenger, long now) {
        AwarenessEntry.Contest<O> open = e.contest;
        if (open != null) {
            if (open.challenger == challenger && claimed != null) {
                open.claimed = claimed;
            }
            return;
        }
        O holder = e.owner;
        if (holder == null) {
            return;
        }
        count++;
        e.hasSpoken = false;
        long until = now + (holder.isElsewhere() ? Awareness.ELSEWHERE_MS : Awareness.ANSWER_MS);
        e.contest = new AwarenessEntry.Contest<>(challenger, claimed, holder.ping(e.client), until);
    }

    void end(AwarenessEntry<O> e) {
        if (e.contest != null) {
            e.contest = null;
            count--;
        }
    }

    /** Notes that the owner sent a state of the client. */
    void heardOwner(AwarenessEntry<O> e, AwarenessState s) {
        e.yields = false;
        e.hasSpoken = true;
        if (!s.isRemoval() && e.owner != null && e.owner.isElsewhere()) {
            end(e); // the client is still connected to the other server
        }
    }

    /** Whether the owner has shown that the client is still connected. Ask it when the time to answer is over. */
    static <O extends Awareness.Owner> boolean keeps(AwarenessEntry<O> e, AwarenessEntry.Contest<O> c) {
        O holder = e.owner;
        if (holder == null || !e.present || holder.isElsewhere()) {
            return false;
        }
        boolean repeatsAnother = holder.ownClient() >= 0 && holder.ownClient() != e.client;
        return repeatsAnother ? e.hasSpoken : holder.hasAnswered(c.ping);
    }

    /** Whether a socket of this server claims the state. */
    static <O extends Awareness.Owner> boolean isBySocket(AwarenessEntry<O> e) {
        return e.contest != null && !e.contest.challenger.isElsewhere();
    }
}
