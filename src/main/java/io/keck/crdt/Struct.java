package io.keck.crdt;

import io.keck.crdt.store.Id;

/**
 * Something that fills clocks of one client in a document: an {@link Item} or a {@link GC}. A gap is no struct: what
 * stands behind one is not integrated. Source: Yjs {@code AbstractStruct.js}.
 */
abstract sealed class Struct permits Item, GC {
    /** The history it stands in; it knows the client id. */
    abstract StructList list();

    /** Its first clock. */
    abstract long clock();

    /** How many clocks it fills. */
    abstract long length();

    /** The clock after its last one. */
    final long end() {
        return clock() + length();
    }

    final Id id() {
        return new Id(list().client, clock());
    }

    abstract boolean isDeleted();

    /** Takes in the struct that follows by clock, where both say the same as one. */
    abstract boolean mergeWith(Struct right);

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + id() + " +" + length() + (isDeleted() ? " deleted]" : "]");
    }
}
