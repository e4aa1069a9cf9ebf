package io.keck.feed;

/** Thrown if the content of a room takes too many steps to put in order. Other rooms are not affected. */
public final class RoomTooCostlyException extends RuntimeException {
    /** Milliseconds after which the room is worth another try. */
    public static final long RETRY_MILLIS = 600_000;

    private static final long serialVersionUID = 1L;

    /** @param steps that were taken before it was given up */
    public RoomTooCostlyException(String room, long steps) {
        super("the content of room " + room + " took " + steps + " steps to put in order", null, false, false);
    }
}
