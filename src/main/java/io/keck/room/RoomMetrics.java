package io.keck.room;

/** What rooms tell of themselves to whoever counts. Implementations are thread-safe and quick: calls come in turns. */
public interface RoomMetrics {
    /** Counts nothing. */
    RoomMetrics NONE = new RoomMetrics() {};

    /** An own batch was committed, so many milliseconds after it was first handed to the log. */
    default void committed(long millis) {}

    /** An attempt to commit failed or its outcome is unknown. */
    default void commitFailed() {}

    /** Rows or a snapshot of other nodes were read from the log, because the bus had not brought them. */
    default void caughtUp(int rows) {}

    /** A row of another node came over the bus. */
    default void heard() {}

    /** The log had lost what this node had seen committed; so many bytes of it are appended again. */
    default void wentBack(int bytes) {}

    /** A room goes on unsaved. */
    default void unsavedBegan() {}

    /** A room that went on unsaved has saved something again. */
    default void unsavedEnded() {}

    /** A room was loaded whose stored state is damaged: it can only be read. It stays loaded. */
    default void quarantineBegan() {}

    /** Such a room was closed: it was repaired, deleted or replaced. */
    default void quarantineEnded() {}
}
