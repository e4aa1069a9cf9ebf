package io.keck.room;

import io.keck.heap.HeapLedger;

/**
 * The memory that the rooms of a node may take. Thread-safe.
 *
 * @param ledger the ledger of the heap that peers use
 * @param documents the heap that typed documents may take
 */
public record RoomMemory(HeapLedger ledger, DocumentBudget documents) {
    /** Returns memory that only limits documents. */
    public static RoomMemory unlimited(DocumentBudget documents) {
        return new RoomMemory(HeapLedger.unlimited(), documents);
    }

    /** Whether there is memory for one more room; documents without edits in progress are dropped for it. */
    boolean hasRoomForAnother() {
        long tooMuch = ledger.tooMuch();
        if (tooMuch > 0) {
            documents.reclaim(tooMuch);
        }
        return !ledger.isTight();
    }
}
