package io.keck.feed;

/** What is stored of a room is damaged, and what was asked for cannot be told without that. Others are not concerned. */
public final class RoomDamagedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param what a clause: what is wrong with what */
    public RoomDamagedException(long roomId, String what) {
        super("room " + roomId + " is damaged: " + what, null, false, false);
    }
}
