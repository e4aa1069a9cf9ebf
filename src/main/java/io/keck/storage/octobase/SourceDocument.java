package io.keck.storage.octobase;

import io.keck.crdt.store.Completeness;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.storage.rows.ContradictionCount;

/**
 * A document as merged from its rows. Immutable.
 *
 * @param bytes everything that could be decoded, in V1
 * @param broken the number of rows that could not be decoded
 * @param brokenBytes the bytes of these rows together
 * @param contradictions ids under which two rows differ
 */
record SourceDocument(
        byte[] bytes,
        StateVector stateVector,
        DeleteSet deletes,
        long broken,
        long brokenBytes,
        ContradictionCount contradictions) {
    /** Whether the bytes hold every row that could be decoded. */
    boolean isMerged() {
        StructStore again = new StructStore();
        again.apply(update());
        return again.stateVector().equals(stateVector) && again.deletes().equals(deletes);
    }

    Update update() {
        return Update.decode(bytes, DecodeLimits.OWN);
    }

    /** Whether every struct of the document can be integrated. */
    Completeness completeness() {
        return Completeness.of(update());
    }
}
