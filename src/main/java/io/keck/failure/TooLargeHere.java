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
     * @param heap bytes that a load is expected to take
     * @param limit bytes of heap that one load may take
     */
    public TooLargeHere(long roomId, long bytes, long heap, long limit) {
        this("room " + roomId + " has " + bytes + " stored bytes and is expected to take " + heap
                + " bytes of heap, and a load may take " + limit + " on this node");
    }

    /** @param why as a clause that names the room */
    public TooLargeHere(String why) {
        super(why, null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.tooLargeHere(this);
    }
}
