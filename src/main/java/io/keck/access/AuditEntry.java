package io.keck.access;

/**
 * One line of the audit log.
 *
 * @param id the rising number of the entry in the table; 0 before it is stored
 * @param at milliseconds since 1970 by the database's clock
 * @param node the label of the node that wrote it
 * @param event the event, as one word
 * @param principal the id of the principal; empty if none was recognised
 * @param document the name of the document; empty if there is none
 * @param line all details, as a JSON object
 */
public record AuditEntry(long id, long at, String node, String event, String principal, String document, String line) {}
