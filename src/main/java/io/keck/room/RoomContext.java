package io.keck.room;

import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What all rooms of a node share.
 *
 * @param executor runs the rooms' turns
 * @param clock milliseconds of a steady clock
 * @param ids random ids for batches
 */
public record RoomContext(
        UpdateLog log,
        Bus bus,
        Executor executor,
        LongSupplier clock,
        Supplier<UUID> ids,
        RoomSettings settings,
        RoomMetrics metrics) {}
