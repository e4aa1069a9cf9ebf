package io.keck.failure;

/** The database has confirmed that no room has the requested name. Immutable. */
public final class RoomMissing extends Failure {
    private static final long serialVersionUID = 1L;

    /** @param name the name of the room */
    public RoomMissing(String name) {
        super("no room " + name, null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.missing(this);
    }
}
