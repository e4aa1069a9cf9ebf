package io.keck.history;

/**
 * The history of all documents.
 *
 * @param rows what was written
 * @param versions the moments that somebody has named
 */
public record KeptHistory(HistoryReader rows, DocumentVersions versions) {}
