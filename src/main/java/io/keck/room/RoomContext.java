package io.keck.room;

import io.keck.heap.HeapLedger;
import io.keck.metrics.RoomMetrics;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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
 * @param clientMessages takes what applications of clients send to back ends
 * @param held the handling of updates under other principals' client ids; null if this node has no store for them
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
        RoomWarnings warnings,
        ClientMessages clientMessages,
        @Nullable Held held) {
    /** Creates a context with warnings of its own. */
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
        this(
                log,
                bus,
                executor,
                documents,
                budget,
                clock,
                ids,
                settings,
                metrics,
                ledger,
                RoomWarnings.of(clock),
                new ClientMessages(),
                null);
    }

    /** Creates a context with an unlimited heap. */
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

    /** Returns the same context with a handling of held updates. */
    public RoomContext with(Held kept) {
        return new RoomContext(
                log,
                bus,
                executor,
                documents,
                budget,
                clock,
                ids,
                settings,
                metrics,
                ledger,
                warnings,
                clientMessages,
                kept);
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
