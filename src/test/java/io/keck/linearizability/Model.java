package io.keck.linearizability;

import org.jspecify.annotations.Nullable;

/**
 * What a thing does when its operations come one after the other.
 *
 * @param <S> its states: values with {@code equals} and {@code hashCode}
 * @param <A> its operations with their answers
 */
interface Model<S, A> {
    S initial();

    /** Whether an operation changes no state, in whatever state it comes. */
    boolean isRead(A act);

    /**
     * The state after an operation; null where the operation cannot have had its answer in that state.
     *
     * @param unknown whether the answer is unknown, so that only the effect counts
     */
    @Nullable
    S after(S state, A act, boolean unknown);
}
