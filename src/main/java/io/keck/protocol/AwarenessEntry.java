package io.keck.protocol;

import io.keck.crdt.lib0.Decoder;
import org.jspecify.annotations.Nullable;

/** What {@link Awareness} knows of one client. */
final class AwarenessEntry<O> {
    final long client;
    /** The clock we published. */
    long clock;
    /** The owner's own clock; behind {@link #clock} when we had to raise it. */
    long sentClock;

    /** The highest clock of a state that was refused because the owner was there; see {@link #removedClock}. */
    long refusedClock;

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

    long updatedAt;

    AwarenessEntry(long client) {
        this.client = client;
    }

    /**
     * The clock at which the state is published as removed. It is not below what was refused: if the client itself said that,
     * being kept out by somebody who took its id while it was away, it answers a removal at its clock with its state at
     * once, and would ignore one below, so that nobody saw it before its next movement.
     */
    long removedClock() {
        return Math.max(clock, refusedClock);
    }

    /** The clock after that one. */
    static long next(long clock) {
        return Math.min(clock + 1, Decoder.MAX_SAFE_INTEGER);
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
