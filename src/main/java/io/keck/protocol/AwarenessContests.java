package io.keck.protocol;

import org.jspecify.annotations.Nullable;

/** The claims of states whose owners are there, and what decides them; see {@link Awareness}. */
final class AwarenessContests<O extends Awareness.Owner> {
    private int count;

    /** How many are open. */
    int count() {
        return count;
    }

    /**
     * Somebody claims a state: its owner is asked for a sign of life, unless it was asked a moment ago.
     *
     * @param said the state as the challenger says it; null where another server only asks
     */
    void open(AwarenessEntry<O> e, @Nullable AwarenessState said, O challenger, long now) {
        AwarenessEntry.Contest<O> open = e.contest;
        if (open != null) {
            if (open.challenger == challenger && said != null) {
                open.said = said;
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
        e.contest = new AwarenessEntry.Contest<>(challenger, said, holder.ping(e.client), until);
    }

    void end(AwarenessEntry<O> e) {
        if (e.contest != null) {
            e.contest = null;
            count--;
        }
    }

    /** The owner says something of the client. */
    void heardOwner(AwarenessEntry<O> e, AwarenessState s) {
        e.yields = false;
        e.hasSpoken = true;
        if (!s.isRemoval() && e.owner != null && e.owner.isElsewhere()) {
            end(e); // the other server still has it
        }
    }

    /** Whether the owner has shown that it is there; to be asked when its time is over. */
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
