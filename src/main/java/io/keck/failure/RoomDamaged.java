package io.keck.failure;

/**
 * Stored data of a room is damaged. The room can be read up to the damage, and nothing is built on it until an operator
 * has repaired it. Other rooms are not affected. Immutable.
 */
public final class RoomDamaged extends Failure {
    private static final long serialVersionUID = 1L;

    /**
     * @param roomId the damaged room
     * @param damage a clause that names the damaged part and the kind of damage
     */
    public RoomDamaged(long roomId, String damage) {
        super("room " + roomId + " is damaged: " + damage, null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.damaged(this);
    }
}
