package io.keck.room;

import io.keck.heap.HeapLedger;
import io.keck.metrics.RoomMetrics;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The parts that all rooms of a node share.
 *
 * @param executor runs the turns of rooms
 * @param documents runs the turns of documents
 * @param budget the heap that documents may take
 * @param clock a steady clock in milliseconds
 * @param ids draws random ids of batches
 * @param ledger the ledger of the heap
 * @param warnings the warnings of all rooms
 */
public record RoomContext(
        UpdateLog log,
        Bus bus,
        Executor executor,
        Executor documents,
        DocumentBudget budget,
        LongSupplier clock,
        Supplier<UUID> ids,
        RoomSettings settings,
        RoomMetrics metrics,
        HeapLedger ledger,
        RoomWarnings warnings) {
    /** The same with warnings of their own. */
    public RoomContext(
            UpdateLog log,
            Bus bus,
            Executor executor,
            Executor documents,
            DocumentBudget budget,
            LongSupplier clock,
            Supplier<UUID> ids,
            RoomSettings settings,
            RoomMetrics metrics,
            HeapLedger ledger) {
        this(log, bus, executor, documents, budget, clock, ids, settings, metrics, ledger, RoomWarnings.of(clock));
    }

    /** The same with a heap that has no limit. */
    public RoomContext(
            UpdateLog log,
            Bus bus,
            Executor executor,
            Executor documents,
            DocumentBudget budget,
            LongSupplier clock,
            Supplier<UUID> ids,
            RoomSettings settings,
            RoomMetrics metrics) {
        this(log, bus, executor, documents, budget, clock, ids, settings, metrics, HeapLedger.unlimited());
    }

    /** Whether there is memory for one more room; documents without edits in progress are dropped for it. */
    boolean hasRoomForAnother() {
        long tooMuch = ledger.tooMuch();
        if (tooMuch > 0) {
            budget.reclaim(tooMuch);
        }
        return !ledger.isTight();
    }
}
