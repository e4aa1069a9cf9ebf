package io.keck.room;

import org.jspecify.annotations.Nullable;

/**
 * Something that is made of a document, in parts: between two of them other documents get their turns, and this document does not
 * change. Touched only in turns of the document.
 *
 * @param <T> what is made
 */
public interface Reading<T extends @Nullable Object> {
    /**
     * Goes on.
     *
     * @param most steps after which to stop; it may stop later, by what cannot be interrupted
     * @return whether all is read
     */
    boolean goOn(long most);

    /** The steps that it took so far; see {@link io.keck.crdt.Doc#walked}. */
    long steps();

    /** What was made; to be asked for once, when all is read. */
    T result();

    /** It is given up before all was read. */
    default void giveUp() {}

    /** What is made already. */
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

    /** Reads all at once, what is small. */
    static <T extends @Nullable Object> T all(Reading<T> reading) {
        boolean isDone = reading.goOn(Long.MAX_VALUE);
        if (!isDone) {
            throw new IllegalStateException("a reading without a limit stopped");
        }
        return reading.result();
    }
}
