package io.keck.linearizability;

/**
 * An operation of a history: what a client asked for and was answered, and when. Between the two times it took effect, at
 * one moment.
 *
 * @param <A> what was asked and answered, as the model reads it
 * @param invoked when the request began, in the history's unit of time
 * @param returned when the answer was there; {@link #NEVER} where the outcome is unknown: then the operation may have
 *     taken effect at any time after it began, or never
 */
record Operation<A>(A act, long invoked, long returned) {
    static final long NEVER = Long.MAX_VALUE;

    Operation {
        if (returned < invoked) {
            throw new IllegalArgumentException("an answer before its question: " + act);
        }
    }

    boolean isUnknown() {
        return returned == NEVER;
    }
}
