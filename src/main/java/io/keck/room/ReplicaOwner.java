package io.keck.room;

import org.jspecify.annotations.Nullable;

/** The room, as its {@link Replica} sees it. Called in the turns of the room. */
interface ReplicaOwner {
    /** The next step; the owner calls {@link Replica#apply} when everything is prepared that needs the old state. */
    void advance(Advance step);

    /** The log has another past than the replica; the owner calls {@link Replica#become} likewise. */
    void replace(Replacement fresh);

    /** Rows of the bus or of a read were taken in; whether the room is made, see {@link UpdateLog.Contents}. */
    void caughtUp(boolean isMade);

    /**
     * A read of the log has ended, and no other has begun.
     *
     * @param error why the log could not be read, or null
     */
    void readEnded(long number, @Nullable Throwable error);

    /** What is stored is damaged from some row on; the replica ends before that row. */
    void damaged(UpdateLog.Damage damage);

    /** The replica is of no use any more. */
    void ended(End why);

    /** Why a replica is of no use any more. */
    enum End {
        /** The room was deleted. */
        DELETED,
        /** What is stored is damaged, or was and is not any more: the room is to be loaded again. */
        RELOAD
    }
}
