package io.keck.failure;

import org.jspecify.annotations.Nullable;

/**
 * Why something was not done, in the terms in which a caller has to know it. Thrown by ports, or the failure of their
 * stages. Anything else that they throw is an error of Keck.
 *
 * <p>Most failures are ordinary answers, so they have a stack trace only where they have a cause. Immutable.
 */
public abstract sealed class Failure extends RuntimeException
        permits Unavailable,
                RoomMissing,
                RoomGone,
                RoomLost,
                RoomDamaged,
                Refused,
                TooLarge,
                TooLargeHere,
                TooCostly,
                NameRefused {
    private static final long serialVersionUID = 1L;

    Failure(String message, @Nullable Throwable cause) {
        super(message, cause, cause != null, cause != null);
    }

    /** Calls the method of the handler that is meant for this failure, and returns its result. */
    public abstract <T> T tell(Handler<T> handler);

    /**
     * Translates every failure: one that is added later does not compile until each translator has an answer to it.
     *
     * @param <T> the translation
     */
    public interface Handler<T> {
        /** The database does not answer, or this node takes no work. */
        T unavailable(Unavailable failure);

        /** There is no room of that name. */
        T missing(RoomMissing failure);

        /** The room was deleted. */
        T gone(RoomGone failure);

        /** The log went back to before the room was created. */
        T lost(RoomLost failure);

        /** Stored data of the room is damaged. */
        T damaged(RoomDamaged failure);

        /** The key of the request was used before. */
        T refused(Refused failure);

        /** The change would make the document larger than it may be. */
        T tooLarge(TooLarge failure);

        /** More is stored of the room than this node can load. */
        T tooLargeHere(TooLargeHere failure);

        /** The content of the document takes too many steps. */
        T tooCostly(TooCostly failure);

        /** No room of that name can be created. */
        T nameRefused(NameRefused failure);
    }
}
