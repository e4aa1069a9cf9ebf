package io.keck.failure;

/**
 * The log knows no room of that id, not even a deleted one: it went back to before the room was created, as a restored
 * backup does. Immutable.
 */
public final class RoomLost extends Failure {
    private static final long serialVersionUID = 1L;

    /** @param roomId the id that the log does not know */
    public RoomLost(long roomId) {
        super("there is no room " + roomId, null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.lost(this);
    }
}
