package io.keck.failure;

/**
 * Stored data of a room is damaged: the room can be read up to there, and nothing that builds on the damage is done before
 * an operator has repaired it. Other rooms are not concerned. Immutable.
 */
public final class RoomDamaged extends Failure {
    private static final long serialVersionUID = 1L;

    /**
     * @param roomId the damaged room
     * @param damage a clause that says which part is damaged, and how
     */
    public RoomDamaged(long roomId, String damage) {
        super("room " + roomId + " is damaged: " + damage, null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.damaged(this);
    }
}
