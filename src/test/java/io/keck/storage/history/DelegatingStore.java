package io.keck.storage.history;

import java.util.Collection;
import java.util.function.LongPredicate;
import org.jdbi.v3.core.Handle;

/** A store that hands everything to another one; a test overrides what is to go wrong. */
class DelegatingStore implements SegmentStore {
    private final SegmentStore store;

    DelegatingStore(SegmentStore store) {
        this.store = store;
    }

    @Override
    public String name() {
        return store.name();
    }

    @Override
    public void put(long roomId, long object, byte[] content) {
        store.put(roomId, object, content);
    }

    @Override
    public byte[] get(Handle h, long roomId, long object) {
        return store.get(h, roomId, object);
    }

    @Override
    public void delete(long roomId, Collection<Long> objects) {
        store.delete(roomId, objects);
    }

    @Override
    public int sweep(long before, LongPredicate isReferred) {
        return store.sweep(before, isReferred);
    }
}
