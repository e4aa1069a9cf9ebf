package io.keck.failure;

import org.jspecify.annotations.Nullable;

/**
 * The reason why an operation was not carried out, in terms that a caller can act on. Ports throw it or complete their
 * stages with it; any other exception from a port is an internal error of Keck.
 *
 * <p>Most failures are ordinary answers, so only one with a cause records a stack trace. Immutable.
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
                NameRefused,
                HistoryGone,
                OtherLife,
                Forbidden {
    private static final long serialVersionUID = 1L;

    Failure(String message, @Nullable Throwable cause) {
        super(message, cause, cause != null, cause != null);
    }

    /** Calls the handler's method for this kind of failure and returns its result. */
    public abstract <T> T tell(Handler<T> handler);

    /**
     * Translates every kind of failure. A new kind does not compile until each handler has a method for it.
     *
     * @param <T> the translation
     */
    public interface Handler<T> {
        /** The database does not answer, or this node takes no work. */
        T unavailable(Unavailable failure);

        /** No room has the requested name. */
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

        /** The stored data of the room is larger than this node can load. */
        T tooLargeHere(TooLargeHere failure);

        /** The content of the document takes too many steps to integrate or to write down. */
        T tooCostly(TooCostly failure);

        /** No room can be created under the requested name. */
        T nameRefused(NameRefused failure);

        /** The history of the document is not kept at the requested row. */
        T historyGone(HistoryGone failure);
        /** The name has another life than the caller said. */
        T otherLife(OtherLife failure);

        /** The grant of the call lacks a right. */
        T forbidden(Forbidden failure);
    }
}
