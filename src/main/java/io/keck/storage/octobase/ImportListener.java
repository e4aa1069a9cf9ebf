package io.keck.storage.octobase;

/** Hears of the progress of an import; called by the importing thread, which goes on when the method returns. */
public interface ImportListener {
    /** A little more is done: a row, a room or a blob. */
    void progress(ImportReport report);

    /** A room is done, one way or the other. */
    default void room(String workspace) {}

    /** Something to tell the operator: a sentence in which names are quoted. */
    void problem(String sentence);
}
