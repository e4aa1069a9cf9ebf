package io.keck.metrics;

/**
 * Receives the events of rooms, to be counted. Implementations are thread-safe, and fast because rooms call them during
 * their turns.
 */
public interface RoomMetrics {
    /** Counts nothing. */
    RoomMetrics NONE = new RoomMetrics() {};

    /**
     * The clock of all times reported here: nanoseconds of a steady clock, readable from any thread. Always 0 in an
     * implementation that does not measure, which costs nothing.
     */
    default long nanos() {
        return 0;
    }

    /**
     * A batch of this node was committed.
     *
     * @param commitNanos nanoseconds since the beginning of the turn that first handed the batch to the log
     * @param waitedNanos nanoseconds since the oldest update in the batch was received; -1 if none came from a socket
     * @param updates the number of updates in the batch
     * @param bytes the size of the row
     */
    default void committed(long commitNanos, long waitedNanos, int updates, int bytes) {}

    /** A commit failed, or its outcome is unknown. */
    default void commitFailed() {}

    /** Rows or a snapshot of other nodes were read from the log because the bus had not delivered them. */
    default void caughtUp(int rows) {}

    /** The bus delivered a payload that is not a valid update, or exceeds the limits of updates. */
    default void busRefused() {}

    /** A row of another node was applied {@code nanos} nanoseconds after the bus delivered it. */
    default void heard(long nanos) {}

    /** The bus delivered a row whose predecessor is missing. */
    default void gap() {}

    /**
     * The open rooms were compared with the log.
     *
     * @param behind the number of rooms whose replica lacked rows
     * @param rows the largest number of rows that one replica lacked
     */
    default void compared(int behind, long rows) {}

    /** The log had lost rows that this node had seen committed; {@code bytes} bytes are appended again. */
    default void wentBack(int bytes) {}

    /** A room entered unsaved mode. */
    default void unsavedBegan() {}

    /** A room left unsaved mode. */
    default void unsavedEnded() {}

    /**
     * A received update had structs or deleted ranges of length zero, which were left out.
     *
     * @param count the number of structs and ranges left out
     */
    default void emptyStructs(int count) {}

    /**
     * A received update had different content under ids that the room already has.
     *
     * @param ranges the number of ranges of consecutive ids
     */
    default void conflicts(int ranges) {}

    /** A connection reads too slowly and gets no single updates until it has caught up. */
    default void slowConnection() {}

    /** An update or an edit was refused because the document has reached a limit. */
    default void growthRefused() {}

    /** The content of a document takes too many steps to integrate; requests of back ends are refused for a while. */
    default void documentTooCostly() {}

    /** A document rose above 80 % of a limit. */
    default void nearLimitBegan() {}

    /** A document fell below 80 % of its limits again, or its room was closed. */
    default void nearLimitEnded() {}

    /** A room with damaged stored data was loaded, read-only. It stays loaded. */
    default void quarantineBegan() {}

    /** A room with damaged stored data was closed because it was repaired, deleted or replaced. */
    default void quarantineEnded() {}

    /** Counts bytes of an update that strict authorship held back. */
    default void heldBack(int bytes) {}

    /** Counts an update that was held back and not kept, because a limit was reached. */
    default void notKept() {}

    /** Something that was kept has come into the document. */
    default void heldTaken() {}
}
