package io.keck.room;

import io.keck.protocol.CloseReason;

/** A request to a room: served or refused, once, in a turn of the room, which alone touches its fields. */
abstract class Request {
    /** When it came, see {@link Lives}. */
    final long moment;
    /** The log was asked. */
    boolean ready;
    /** The number of the read of the log that it waits for; 0 for none. */
    long read;
    /** When it stops waiting for that read. */
    long until;
    /** Whether the replica may lack what other nodes committed. */
    boolean stale;

    /** @param moment when it came, see {@link Lives} */
    Request(long moment) {
        this.moment = moment;
    }

    /**
     * The replica is as new as it was asked for.
     *
     * @param unsaved whether the database is away
     */
    abstract void served(Replica.Position at, boolean unsaved);

    /**
     * It is not carried out here.
     *
     * @param why {@link LifeEndedException} where it is to be asked for again by name
     * @param reason what a connection is told
     */
    abstract void refused(RuntimeException why, CloseReason reason);
}
