package io.keck.failure;

/** The room was deleted: nothing can be added to that life of its name. Immutable. */
public final class RoomGone extends Failure {
    private static final long serialVersionUID = 1L;

    /** @param roomId the life that has ended */
    public RoomGone(long roomId) {
        super("room " + roomId + " was deleted", null);
    }

    /** @param workspace the name, whose workspace was deleted a moment ago or while something was on its way to it */
    public RoomGone(String workspace) {
        super("workspace " + workspace + " was deleted", null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.gone(this);
    }
}
