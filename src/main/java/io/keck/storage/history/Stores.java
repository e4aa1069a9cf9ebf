package io.keck.storage.history;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The stores of segments: one for new objects, and all that may hold older ones, so that an operator can change where
 * new objects go. Immutable.
 */
final class Stores implements StoredObject.Source {
    private final SegmentStore written;
    private final Map<String, SegmentStore> all = new TreeMap<>();

    /** @param others stores that are only read from */
    Stores(SegmentStore written, List<SegmentStore> others) {
        this.written = written;
        others.forEach(store -> all.put(store.name(), store));
        all.put(written.name(), written);
    }

    /** The store of new objects. */
    SegmentStore written() {
        return written;
    }

    /**
     * The store with a name.
     *
     * @throws IllegalStateException if this node does not have it
     */
    SegmentStore named(String name) {
        SegmentStore store = all.get(name);
        if (store == null) {
            throw new IllegalStateException("history is stored in the store " + name
                    + ", which this node does not have: set history.directory");
        }
        return store;
    }

    @Override
    public byte @Nullable [] get(Handle h, String store, long roomId, long object) {
        return named(store).get(h, roomId, object);
    }

    /** All stores. */
    List<SegmentStore> all() {
        return List.copyOf(all.values());
    }
}
