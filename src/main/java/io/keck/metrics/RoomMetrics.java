package io.keck.metrics;

/** What rooms tell of themselves to whoever counts. Implementations are thread-safe and quick: calls come in turns. */
public interface RoomMetrics {
    /** Counts nothing. */
    RoomMetrics NONE = new RoomMetrics() {};

    /**
     * The clock of all times that are told here: nanoseconds of a steady clock, from any thread. Always 0 where nobody
     * measures, which costs nothing.
     */
    default long nanos() {
        return 0;
    }

    /**
     * An own batch was committed.
     *
     * @param commitNanos since the turn began that first handed it to the log
     * @param waitedNanos since the oldest update in it was received; -1 where it came from no socket
     * @param updates how many it was made of
     * @param bytes of the row
     */
    default void committed(long commitNanos, long waitedNanos, int updates, int bytes) {}

    /** An attempt to commit failed or its outcome is unknown. */
    default void commitFailed() {}

    /** Rows or a snapshot of other nodes were read from the log, because the bus had not brought them. */
    default void caughtUp(int rows) {}

    /** Something came over the bus that is no update, or beyond the limits of one. */
    default void busRefused() {}

    /** A row of another node came over the bus and was applied so many nanoseconds later. */
    default void heard(long nanos) {}

    /** A row came over the bus, and one before it is missing. */
    default void gap() {}

    /**
     * The rooms were compared with the log.
     *
     * @param behind rooms whose replica lacked something that the log had
     * @param rows that the one lacked that lacked most
     */
    default void compared(int behind, long rows) {}

    /** The log had lost what this node had seen committed; so many bytes of it are appended again. */
    default void wentBack(int bytes) {}

    /** A room goes on unsaved. */
    default void unsavedBegan() {}

    /** A room that went on unsaved has saved something again. */
    default void unsavedEnded() {}

    /**
     * An update came in with structs or deleted ranges of no length, which were left out.
     *
     * @param count how many
     */
    default void emptyStructs(int count) {}

    /**
     * An update said something else under ids that the room has.
     *
     * @param ranges of consecutive ids
     */
    default void conflicts(int ranges) {}

    /** A connection does not take what it is sent, and gets no single updates until it has caught up. */
    default void slowConnection() {}

    /** An update or an edit was left aside, because the document has reached a limit. */
    default void growthRefused() {}

    /** The content of a document takes too many steps to put in order; back ends are refused for a while. */
    default void documentTooCostly() {}

    /** A document is above 80 % of a limit. */
    default void nearLimitBegan() {}

    /** Such a document is below again, or its room was closed. */
    default void nearLimitEnded() {}

    /** A room was loaded whose stored state is damaged: it can only be read. It stays loaded. */
    default void quarantineBegan() {}

    /** Such a room was closed: it was repaired, deleted or replaced. */
    default void quarantineEnded() {}
}
