package io.keck.crdt;

import io.keck.crdt.store.Id;

/**
 * A range of clocks of one client in a document: an {@link Item} or a {@link GC}. A gap is not a struct: structs after
 * a gap are not integrated. Source: Yjs {@code AbstractStruct.js}.
 */
abstract sealed class Struct permits Item, GC {
    /** The history that the struct belongs to, which has the client id. */
    abstract StructList list();

    /** The first clock. */
    abstract long clock();

    /** The number of clocks. */
    abstract long length();

    /** The clock after the last one. */
    final long end() {
        return clock() + length();
    }

    final Id id() {
        return new Id(list().client, clock());
    }

    abstract boolean isDeleted();

    /** Merges the struct that follows by clock into this one if the two can be one struct; returns whether it did. */
    abstract boolean mergeWith(Struct right);

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + id() + " +" + length() + (isDeleted() ? " deleted]" : "]");
    }
}
