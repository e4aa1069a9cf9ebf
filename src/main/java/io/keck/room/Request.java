package io.keck.room;

import io.keck.protocol.CloseReason;

/**
 * A request to a room, which is served or refused once, in a turn of the room. Its fields are used only in turns of the
 * room.
 */
abstract class Request {
    /** The moment of arrival, see {@link Lives}. */
    final long moment;
    /** Whether the log was asked. */
    boolean ready;
    /** The number of the read of the log for which the request waits; 0 for none. */
    long read;
    /** The time at which it stops waiting for that read. */
    long until;
    /** Whether the replica may lack commits of other nodes. */
    boolean stale;

    /** @param moment the moment of arrival, see {@link Lives} */
    Request(long moment) {
        this.moment = moment;
    }

    /**
     * Called when the replica is as fresh as the request needs.
     *
     * @param unsaved whether the room is in unsaved mode
     */
    abstract void served(Replica.Position at, boolean unsaved);

    /**
     * Called if this room does not carry out the request.
     *
     * @param why {@link LifeEndedException} if the request must be repeated by name
     * @param reason the reason with which a connection is closed
     */
    abstract void refused(RuntimeException why, CloseReason reason);
}
