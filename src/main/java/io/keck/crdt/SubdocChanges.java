package io.keck.crdt;

import java.util.LinkedHashSet;
import java.util.Set;

/** Subdocuments that a transaction added, removed or is to load. Not thread-safe. */
final class SubdocChanges {
    final Set<Doc> added = new LinkedHashSet<>();
    final Set<Doc> removed = new LinkedHashSet<>();
    final Set<Doc> loaded = new LinkedHashSet<>();

    SubdocsEvent event() {
        return new SubdocsEvent(Set.copyOf(added), Set.copyOf(removed), Set.copyOf(loaded));
    }
}
