package io.keck.room;

import org.jspecify.annotations.Nullable;

/** The room as its {@link Replica} sees it. Called in turns of the room. */
interface ReplicaOwner {
    /** Carries out the next step. The owner calls {@link Replica#apply} after the work that needs the old state. */
    void advance(Advance step);

    /**
     * Replaces the replica because the log has a different history. The owner calls {@link Replica#become} after the
     * work that needs the old state.
     */
    void replace(Replacement fresh);

    /** Called after rows of the bus or of a read were applied, with {@link UpdateLog.Contents#isMade}. */
    void caughtUp(boolean isMade);

    /**
     * Called when a read of the log has ended and no other has begun.
     *
     * @param error the reason why the log could not be read, or null
     */
    void readEnded(long number, @Nullable Throwable error);

    /** Called when stored data is damaged from some row on; the replica ends before that row. */
    void damaged(UpdateLog.Damage damage);

    /** Called when the replica must not be used any more. */
    void ended(End why);

    /** The reason why a replica must not be used any more. */
    enum End {
        /** The room was deleted. */
        DELETED,
        /** The room must be loaded again, because stored data was damaged or repaired. */
        RELOAD
    }
}
