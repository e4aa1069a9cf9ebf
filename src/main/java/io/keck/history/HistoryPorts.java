package io.keck.history;

import io.keck.feed.ChangeLogs;

/**
 * The past of documents.
 *
 * @param logs the rows of rooms' logs
 * @param reader reads the history that is kept, from a replica of the database if there is one
 * @param versions the versions of documents
 */
public record HistoryPorts(ChangeLogs logs, HistoryReader reader, DocumentVersions versions) {}
