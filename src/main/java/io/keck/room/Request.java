package io.keck.room;

/** What a back end asks a room for. Served or refused, once, in a turn of the room, which alone touches its fields. */
abstract class Request {
    /** The log was asked. */
    boolean ready;
    /** The read of the log that is waited for; 0 for none. */
    long read;
    /** When it is waited for no more. */
    long until;
    /** What others committed may be missing. */
    boolean stale;

    /**
     * Its time has come.
     *
     * @param unsaved whether the database is away
     */
    abstract void served(Journal.Position at, boolean unsaved);

    abstract void refused(RuntimeException error);
}
