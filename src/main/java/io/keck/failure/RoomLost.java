package io.keck.failure;

/**
 * The log has no room with the given id, not even a deleted one: it went back to a state before the room was created,
 * as a restored backup does. Immutable.
 */
public final class RoomLost extends Failure {
    private static final long serialVersionUID = 1L;

    /** @param roomId the id that the log does not know */
    public RoomLost(long roomId) {
        super("the log has no room " + roomId, null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.lost(this);
    }
}
