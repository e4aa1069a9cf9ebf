package io.keck.crdt;

import java.util.Set;

/**
 * Documents inside a document came, went, or are wanted. Immutable.
 *
 * @param added put into the document
 * @param removed deleted, or destroyed by the user
 * @param loaded whose content is wanted here: somebody has to get it
 */
public record SubdocsEvent(Set<Doc> added, Set<Doc> removed, Set<Doc> loaded) {}
