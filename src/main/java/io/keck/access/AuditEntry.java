package io.keck.access;

/**
 * One line of the audit log.
 *
 * @param id its number in the table, which rises; 0 before it is stored
 * @param at milliseconds since 1970 by the database's clock
 * @param node the label of the node that wrote it
 * @param event what happened, in one word
 * @param principal who; empty where nobody was recognised
 * @param document the name of the document; empty where there is none
 * @param line all that is known, as a JSON object
 */
public record AuditEntry(long id, long at, String node, String event, String principal, String document, String line) {}
