package io.keck.failure;

/**
 * The request's idempotency key was already used for this name, by the same request (which was carried out) or by a
 * different one. Nothing was done. Immutable.
 */
public final class Refused extends Failure {
    private static final long serialVersionUID = 1L;

    private final long roomId;
    private final boolean otherRequest;

    /**
     * @param roomId the room that the first request with this key edited or created; 0 if there was none
     * @param otherRequest whether the first request with this key differed from this one
     */
    public Refused(long roomId, boolean otherRequest) {
        super("the key was used before, in room " + roomId, null);
        this.roomId = roomId;
        this.otherRequest = otherRequest;
    }

    /** The room that the first request with this key edited or created; 0 if there was none. */
    public long roomId() {
        return roomId;
    }

    /**
     * Whether the first request with this key differed from this one; otherwise this one repeats a request that was
     * carried out.
     */
    public boolean isOfAnotherRequest() {
        return otherRequest;
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.refused(this);
    }
}
