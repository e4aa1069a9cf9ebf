package io.keck.room;

import io.keck.protocol.CloseReason;

/** What a room is asked for. Served or refused, once, in a turn of the room, which alone touches its fields. */
abstract class Request {
    /** When it came, see {@link Lives}. */
    final long moment;
    /** The log was asked. */
    boolean ready;
    /** The read of the log that is waited for; 0 for none. */
    long read;
    /** When it is waited for no more. */
    long until;
    /** What others committed may be missing. */
    boolean stale;

    /** @param moment when it came, see {@link Lives} */
    Request(long moment) {
        this.moment = moment;
    }

    /**
     * Its time has come.
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
