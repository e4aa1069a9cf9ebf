package io.keck.failure;

/**
 * The stored data of a room is larger than this node can load. Only its size was read. A node with a larger heap may be
 * able to load it. Immutable.
 */
public final class TooLargeHere extends Failure {
    private static final long serialVersionUID = 1L;

    /**
     * @param roomId the room that is too large
     * @param bytes the stored bytes of the room
     * @param heap the bytes of heap that loading is estimated to take
     * @param limit the bytes of heap that loading one room may take on this node
     */
    public TooLargeHere(long roomId, long bytes, long heap, long limit) {
        this("room " + roomId + " has " + bytes + " stored bytes and is estimated to take " + heap
                + " bytes of heap, and a load may take " + limit + " on this node");
    }

    /** @param why a clause that names the room */
    public TooLargeHere(String why) {
        super(why, null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.tooLargeHere(this);
    }
}
