package io.keck.protocol;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The state of one client in {@link Awareness}, with its owner and the open claim on it. */
final class AwarenessEntry<O> {
    private static final int MAX_REFUSED = 4;

    final long client;
    /** The clock of the owner's last state, or of the removal. */
    long clock;

    String json = "null";
    boolean present;

    @Nullable
    O owner;

    /** The owner that lost the state through silence; it gets the state back when it sends one. */
    @Nullable
    O previousOwner;
    /** The last clock that {@link #previousOwner} sent. */
    long previousClock;

    /** Whether the owner did not answer when another server asked; the next state of that server is accepted. */
    boolean yields;
    /** Whether the owner has sent a state of the client since the claim was opened. */
    boolean hasSpoken;

    @Nullable
    Contest<O> contest;

    /** Owners that claimed the state while its owner was connected, each with the last clock it sent. */
    Map<O, Long> refused = Map.of();

    long updatedAt;

    AwarenessEntry(long client) {
        this.client = client;
    }

    /** The longest state of that owner, or null if it has none. */
    static <O> @Nullable AwarenessEntry<O> longest(Collection<AwarenessEntry<O>> entries, @Nullable O owner) {
        AwarenessEntry<O> longest = null;
        for (AwarenessEntry<O> e : entries) {
            if (e.owner == owner && (longest == null || e.json.length() > longest.json.length())) {
                longest = e;
            }
        }
        return longest;
    }

    /** Remembers a claim that is not granted at once. The first few suffice, since every claimant repeats its state. */
    void refuse(O claimant, long clock) {
        if (refused.isEmpty()) {
            refused = new LinkedHashMap<>();
        }
        if (refused.size() < MAX_REFUSED || refused.containsKey(claimant)) {
            refused.put(claimant, clock);
        }
    }

    /** Drops the claim of an owner. */
    void forget(O owner) {
        if (!refused.isEmpty()) {
            refused.remove(owner);
        }
    }

    /** A claim that waits for the answer of the owner. */
    static final class Contest<O> {
        final O challenger;
        /** The id of the ping that the owner has to answer. */
        final long ping;
        /** The end of the time to answer, in milliseconds. */
        final long until;
        /** The last state that the challenger sent; null if another server only asks. */
        @Nullable
        AwarenessState claimed;

        Contest(O challenger, @Nullable AwarenessState claimed, long ping, long until) {
            this.challenger = challenger;
            this.claimed = claimed;
            this.ping = ping;
            this.until = until;
        }
    }
}
