package io.keck.check;

/** Whoever is told what an examination finds. Used by one thread. */
public interface Findings {
    /** How bad something is. */
    enum Level {
        /** It is as it should be. */
        OK,
        /** It may be meant so. */
        HINT,
        /** Something is wrong, or will be. */
        PROBLEM,
        /** It could not be looked at. */
        UNKNOWN
    }

    /**
     * Something that was looked at.
     *
     * @param area a word: config, database, redis, clock, limits, disk, room, document, blob
     * @param room the name of the room, or empty
     * @param roomId its id, or 0
     * @param seq of the row or snapshot, or 0
     * @param kind of what is damaged in a room: row, snapshot, head, blob; of what a document is: incomplete,
     *     contradictory, large; else empty
     * @param what a sentence; names in it are quoted
     * @param todo a sentence: what to do; empty where there is nothing to do
     */
    record Finding(
            Level level, String area, String room, long roomId, long seq, String kind, String what, String todo) {}

    /** Something was looked at. */
    void add(Finding finding);

    /** It is as it should be. */
    default void ok(String area, String what) {
        add(new Finding(Level.OK, area, "", 0, 0, "", what, ""));
    }

    /** It may be meant so. */
    default void hint(String area, String what, String todo) {
        add(new Finding(Level.HINT, area, "", 0, 0, "", what, todo));
    }

    /** Something is wrong. */
    default void problem(String area, String what, String todo) {
        add(new Finding(Level.PROBLEM, area, "", 0, 0, "", what, todo));
    }

    /** It could not be looked at. */
    default void unknown(String area, String what, String todo) {
        add(new Finding(Level.UNKNOWN, area, "", 0, 0, "", what, todo));
    }
}
