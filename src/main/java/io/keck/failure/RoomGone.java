package io.keck.failure;

/** The room was deleted: nothing can be added to this life of its name. Immutable. */
public final class RoomGone extends Failure {
    private static final long serialVersionUID = 1L;

    /** @param roomId the room id of the ended life */
    public RoomGone(long roomId) {
        super("room " + roomId + " was deleted", null);
    }

    /** @param document the name of a document that was deleted recently, or during the request */
    public RoomGone(String document) {
        super("document " + document + " was deleted", null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.gone(this);
    }
}
