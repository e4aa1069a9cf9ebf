package io.keck.failure;

/**
 * The document was deleted or replaced since the caller copied it: the name has another life than the caller said.
 * Nothing was done. Immutable.
 */
public final class OtherLife extends Failure {
    private static final long serialVersionUID = 1L;

    private final long roomId;

    /** @param roomId the room id of the life that the name has */
    public OtherLife(long roomId) {
        super("the name has another life, room " + roomId, null);
        this.roomId = roomId;
    }

    /** The room id of the life that the name has. */
    public long roomId() {
        return roomId;
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.otherLife(this);
    }
}
