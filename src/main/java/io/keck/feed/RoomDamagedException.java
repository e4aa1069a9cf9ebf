package io.keck.feed;

/**
 * Thrown if the stored data of a room is damaged and the request cannot be answered without it. Other rooms are not
 * affected.
 */
public final class RoomDamagedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param what a clause that names the damaged data and the damage */
    public RoomDamagedException(long roomId, String what) {
        super("room " + roomId + " is damaged: " + what, null, false, false);
    }
}
