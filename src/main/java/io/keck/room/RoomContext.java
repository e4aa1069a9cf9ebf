package io.keck.room;

import io.keck.metrics.RoomMetrics;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The parts that all rooms of a node share.
 *
 * @param clock a steady clock in milliseconds
 * @param ids draws random ids of batches
 * @param warnings the warnings of all rooms
 * @param clientMessages passes messages of client applications to back ends
 * @param postponed work until the next beat of the node
 * @param held the handling of updates under other principals' client ids; null if this node has no store for them
 */
public record RoomContext(
        UpdateLog log,
        Bus bus,
        TurnThreads threads,
        RoomMemory memory,
        LongSupplier clock,
        Supplier<UUID> ids,
        RoomSettings settings,
        RoomMetrics metrics,
        RoomWarnings warnings,
        ClientMessages clientMessages,
        Postponed postponed,
        @Nullable Held held) {
    /** Creates a context with warnings of its own, and without a store for held updates. */
    public RoomContext(
            UpdateLog log,
            Bus bus,
            TurnThreads threads,
            RoomMemory memory,
            LongSupplier clock,
            Supplier<UUID> ids,
            RoomSettings settings,
            RoomMetrics metrics) {
        this(
                log,
                bus,
                threads,
                memory,
                clock,
                ids,
                settings,
                metrics,
                RoomWarnings.of(clock),
                new ClientMessages(),
                Postponed.nothing(),
                null);
    }

    /** Returns the same context with a handling of held updates. */
    public RoomContext with(Held kept) {
        return with(postponed, kept);
    }

    /** The same for a node with beats. */
    public RoomContext with(Postponed beats) {
        return with(beats, held);
    }

    private RoomContext with(Postponed beats, @Nullable Held kept) {
        return new RoomContext(
                log, bus, threads, memory, clock, ids, settings, metrics, warnings, clientMessages, beats, kept);
    }
}
