package io.keck.room;

import io.keck.heap.HeapLedger;
import io.keck.metrics.RoomMetrics;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What all rooms of a node share.
 *
 * @param executor runs the rooms' turns
 * @param documents runs what is done with documents
 * @param budget of documents
 * @param clock milliseconds of a steady clock
 * @param ids random ids for batches
 * @param ledger of the heap
 * @param warnings that rooms share
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

    /** Whether there is memory for one more room; documents that nobody edits go for it at once. */
    boolean hasRoomForAnother() {
        long tooMuch = ledger.tooMuch();
        if (tooMuch > 0) {
            budget.reclaim(tooMuch);
        }
        return !ledger.isTight();
    }
}
