package io.keck.failure;

/**
 * More is stored of a room than this node can load: it was measured, and nothing was read. A node with a larger heap may
 * load it. Immutable.
 */
public final class TooLargeHere extends Failure {
    private static final long serialVersionUID = 1L;

    /**
     * @param roomId the room that is too large
     * @param bytes that are stored
     * @param limit bytes that may be stored of a room that is loaded
     */
    public TooLargeHere(long roomId, long bytes, long limit) {
        super("room " + roomId + " has " + bytes + " stored bytes, and this node loads " + limit + " at most", null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.tooLargeHere(this);
    }
}
