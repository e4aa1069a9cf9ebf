package io.keck.check;

/** Receives the findings of an examination. Used by one thread. */
public interface Findings {
    /** The severity of a finding. */
    enum Level {
        /** The item is in order. */
        OK,
        /** The item may be intended. */
        HINT,
        /** Something is wrong, or will be. */
        PROBLEM,
        /** The item could not be checked. */
        UNKNOWN
    }

    /**
     * The result of one check.
     *
     * @param area a word: config, database, redis, clock, limits, disk, room, document, blob
     * @param room the name of the room, or empty
     * @param roomId the id of the room, or 0
     * @param seq the seq of the row or snapshot, or 0
     * @param kind the kind of damaged data in a room: row, snapshot, head, blob; the state of a document: incomplete,
     *     contradictory, large; otherwise empty
     * @param what a sentence; names in it are quoted
     * @param todo a sentence that says what to do; empty if there is nothing to do
     */
    record Finding(
            Level level, String area, String room, long roomId, long seq, String kind, String what, String todo) {}

    /** Adds a finding. */
    void add(Finding finding);

    /** Adds a finding of level {@link Level#OK}. */
    default void ok(String area, String what) {
        add(new Finding(Level.OK, area, "", 0, 0, "", what, ""));
    }

    /** Adds a finding of level {@link Level#HINT}. */
    default void hint(String area, String what, String todo) {
        add(new Finding(Level.HINT, area, "", 0, 0, "", what, todo));
    }

    /** Adds a finding of level {@link Level#PROBLEM}. */
    default void problem(String area, String what, String todo) {
        add(new Finding(Level.PROBLEM, area, "", 0, 0, "", what, todo));
    }

    /** Adds a finding of level {@link Level#UNKNOWN}. */
    default void unknown(String area, String what, String todo) {
        add(new Finding(Level.UNKNOWN, area, "", 0, 0, "", what, todo));
    }
}
