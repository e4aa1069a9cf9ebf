package io.keck.crdt;

import java.util.Set;

/**
 * Reports that subdocuments of a document were added, removed or requested. Immutable.
 *
 * @param added subdocuments that were inserted
 * @param removed subdocuments that were deleted, or destroyed by the user
 * @param loaded subdocuments whose content is wanted on this replica; the listener has to fetch it
 */
public record SubdocsEvent(Set<Doc> added, Set<Doc> removed, Set<Doc> loaded) {}
