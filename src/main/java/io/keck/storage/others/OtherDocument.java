package io.keck.storage.others;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.Completeness;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.storage.others.OtherStore.DamagedException;
import java.util.List;

/**
 * A document as merged from the updates of another server. Immutable.
 *
 * @param bytes the document in V1
 */
record OtherDocument(byte[] bytes, StateVector stateVector, DeleteSet deletes) {
    /**
     * Decodes updates strictly and merges them.
     *
     * @throws DamagedException if one cannot be decoded
     */
    static OtherDocument of(List<byte[]> updates) {
        StructStore store = new StructStore();
        for (int i = 0; i < updates.size(); i++) {
            byte[] bytes = updates.get(i);
            try {
                store.apply(Update.decode(bytes, DecodeLimits.DEFAULT));
            } catch (DecodeException e) {
                String which = updates.size() == 1 ? "Its content" : "Update " + (i + 1) + " of " + updates.size();
                throw new DamagedException(
                        which + " is not a valid update: " + e.getMessage() + " (" + bytes.length + " bytes).");
            }
        }
        return new OtherDocument(store.encode(), store.stateVector(), store.deletes());
    }

    Update update() {
        return Update.decode(bytes, DecodeLimits.OWN);
    }

    /** Whether a store holds this and nothing else, by the state vector and the deletions. */
    boolean isAllOf(StructStore store) {
        return store.stateVector().equals(stateVector) && store.deletes().equals(deletes);
    }

    /** Whether every struct of the document can be integrated. */
    Completeness completeness() {
        return Completeness.of(update());
    }
}
