package io.keck.protocol;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@link Awareness} knows of one client. */
final class AwarenessEntry<O> {
    private static final int MAX_REFUSED = 4;

    final long client;
    /** At which the owner said its state, or at which it was removed. */
    long clock;

    String json = "null";
    boolean present;

    @Nullable
    O owner;

    /** The owner from which the state was taken because it was silent; it gets the state back when it speaks. */
    @Nullable
    O before;
    /** The clock that {@link #before} had sent last. */
    long sentBefore;

    /** Whether the owner did not answer when another server asked: that server's next word counts. */
    boolean yields;
    /** Whether the owner has said anything of the client since the claim that is open. */
    boolean hasSpoken;

    @Nullable
    Contest<O> contest;

    /** Who claimed the state while its owner was there, and the clock that they said last. */
    Map<O, Long> refused = Map.of();

    long updatedAt;

    AwarenessEntry(long client) {
        this.client = client;
    }

    /** The longest state of that owner, or null where it has none. */
    static <O> @Nullable AwarenessEntry<O> longest(Collection<AwarenessEntry<O>> entries, @Nullable O owner) {
        AwarenessEntry<O> longest = null;
        for (AwarenessEntry<O> e : entries) {
            if (e.owner == owner && (longest == null || e.json.length() > longest.json.length())) {
                longest = e;
            }
        }
        return longest;
    }

    /** Somebody claims the state in vain; of many only the first few are remembered, the others will say it again. */
    void refuse(O claimant, long clock) {
        if (refused.isEmpty()) {
            refused = new LinkedHashMap<>();
        }
        if (refused.size() < MAX_REFUSED || refused.containsKey(claimant)) {
            refused.put(claimant, clock);
        }
    }

    /** An owner is gone. */
    void forget(O owner) {
        if (!refused.isEmpty()) {
            refused.remove(owner);
        }
    }

    /** A claim that waits for the owner's answer. */
    static final class Contest<O> {
        final O challenger;
        /** What the owner was asked. */
        final long ping;
        /** When the time to answer is over. */
        final long until;
        /** What the challenger said last; null where another server only asks. */
        @Nullable
        AwarenessState said;

        Contest(O challenger, @Nullable AwarenessState said, long ping, long until) {
            this.challenger = challenger;
            this.said = said;
            this.ping = ping;
            this.until = until;
        }
    }
}
