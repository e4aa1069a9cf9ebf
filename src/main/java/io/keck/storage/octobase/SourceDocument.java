package io.keck.storage.octobase;

import io.keck.crdt.store.Completeness;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.storage.rows.ContradictionCount;

/**
 * A document as its rows say it. Immutable.
 *
 * @param bytes all that could be decoded, in V1
 * @param broken rows that could not be decoded
 * @param brokenBytes bytes of them together
 * @param contradictions ids of which two rows say different things
 */
record SourceDocument(
        byte[] bytes,
        StateVector stateVector,
        DeleteSet deletes,
        long broken,
        long brokenBytes,
        ContradictionCount contradictions) {
    /** Whether the bytes say what was merged into them. */
    boolean isMerged() {
        StructStore again = new StructStore();
        again.apply(update());
        return again.stateVector().equals(stateVector) && again.deletes().equals(deletes);
    }

    Update update() {
        return Update.decode(bytes, DecodeLimits.OWN);
    }

    /** Whether all is there that it takes to show it. */
    Completeness completeness() {
        return Completeness.of(update());
    }
}
