package io.keck.history;

import io.keck.feed.ChangeLogs;

/**
 * The ports to the past of documents.
 *
 * @param logs the rows in the logs of rooms
 * @param reader reads the stored history, from a replica of the database if there is one
 * @param versions the versions of documents
 */
public record HistoryPorts(ChangeLogs logs, HistoryReader reader, DocumentVersions versions) {}
