package io.keck.failure;

/** There is no room of that name: the database has said so. Immutable. */
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
