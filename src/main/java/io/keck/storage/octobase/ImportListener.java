package io.keck.storage.octobase;

/** Receives the progress of an import, on the importing thread, which waits for each method to return. */
interface ImportListener {
    /** Reports that a row, a room or a blob was processed. */
    void progress(ImportReport report);

    /** Reports that a room was processed, imported or not. */
    default void room(String workspace) {}

    /** Reports something for the operator, as a sentence in which names are quoted. */
    void problem(String sentence);
}
