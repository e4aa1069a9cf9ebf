package io.keck.feed;

import io.keck.failure.RoomDamaged;

/**
 * Thrown if the stored data of a room is damaged and the request cannot be answered without it. Other rooms are not
 * affected.
 */
public final class RoomDamaged extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param what a clause that names the damaged data and the damage */
    public RoomDamaged(long roomId, String what) {
        super("room " + roomId + " is damaged: " + what, null, false, false);
    }
}
