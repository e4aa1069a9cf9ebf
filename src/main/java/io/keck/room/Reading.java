package io.keck.room;

import org.jspecify.annotations.Nullable;

/**
 * A computation over a document that runs in parts. Between two parts other documents get their turns, and this
 * document does not change. Used only in turns of the document.
 *
 * @param <T> the type of the result
 */
public interface Reading<T extends @Nullable Object> {
    /**
     * Runs the next part.
     *
     * @param most the steps after which to stop; a part that cannot be interrupted may exceed it
     * @return whether the result is complete
     */
    boolean goOn(long most);

    /** The steps taken so far; see {@link io.keck.crdt.Doc#walked}. */
    long steps();

    /** The result; may be called once, after completion. */
    T result();

    /** Called if the reading is abandoned before it is complete. */
    default void giveUp() {}

    /** Returns a reading that is already complete. */
    static <T extends @Nullable Object> Reading<T> of(T result) {
        return new Reading<>() {
            @Override
            public boolean goOn(long most) {
                return true;
            }

            @Override
            public long steps() {
                return 0;
            }

            @Override
            public T result() {
                return result;
            }
        };
    }

    /** Runs a small reading in one part and returns its result. */
    static <T extends @Nullable Object> T all(Reading<T> reading) {
        boolean isDone = reading.goOn(Long.MAX_VALUE);
        if (!isDone) {
            throw new IllegalStateException("a reading without a limit stopped");
        }
        return reading.result();
    }
}
