package io.keck.failure;

/**
 * The name has seen the key of the request before: with the same request, which is carried out already, or with another
 * one. Nothing was done. Immutable.
 */
public final class Refused extends Failure {
    private static final long serialVersionUID = 1L;

    private final long roomId;
    private final boolean otherRequest;

    /**
     * @param roomId the room that the first request of the key edited or began; 0 where there was none
     * @param otherRequest whether the first request was another one
     */
    public Refused(long roomId, boolean otherRequest) {
        super("the key was used before, in room " + roomId, null);
        this.roomId = roomId;
        this.otherRequest = otherRequest;
    }

    /** The room that the first request of the key edited or began; 0 where there was none. */
    public long roomId() {
        return roomId;
    }

    /** Whether the first request of the key was another one; else this one is a repeat, and is done already. */
    public boolean isOfAnotherRequest() {
        return otherRequest;
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.refused(this);
    }
}
