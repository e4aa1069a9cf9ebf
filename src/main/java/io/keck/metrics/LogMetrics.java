package io.keck.metrics;

import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** Receives the events of the log and its database, to be counted. Implementations are thread-safe and fast. */
public interface LogMetrics {
    /** Counts nothing. */
    LogMetrics NONE = new LogMetrics() {};

    /** Supplies a gauge of whether the database answers, and the directory of an embedded database, or null. */
    default void watch(BooleanSupplier isUp, @Nullable Path directory) {}

    /**
     * Supplies gauges of how many connections of all clients the server of a shared database has, and how many it
     * takes.
     *
     * @param used -1 while it is not known
     * @param most -1 while it is not known
     */
    default void watchServer(IntSupplier used, IntSupplier most) {}

    /** A replica answered a read. */
    default void replicaAnswered() {}

    /** A replica had not replayed the requested rows, so the primary was asked. */
    default void replicaBehind() {}

    /** A replica was away or failed, so the primary was asked. */
    default void replicaFailed() {}

    /** A group commit of {@code writes} writes succeeded or failed after {@code nanos} nanoseconds. */
    default void group(int writes, long nanos) {}

    /** The database answered a health probe after {@code nanos} nanoseconds. */
    default void answered(long nanos) {}

    /** An operation failed because of the database. */
    default void failed() {}

    /** The database has no disk space left. */
    default void full() {}

    /** {@code rows} rows of a room were folded into its snapshot in {@code nanos} nanoseconds. */
    default void folded(int rows, long nanos) {}

    /** Folding the rows of a room failed. */
    default void foldFailed() {}

    /** {@code rows} folded rows were deleted. */
    default void purged(int rows) {}

    /** {@code rows} rows were moved from the log to a segment, for which {@code bytes} bytes were written. */
    default void kept(int rows, long bytes) {}

    /** A checkpoint of {@code bytes} bytes was written. */
    default void checkpointed(long bytes) {}

    /** Rows or a checkpoint could not be written to history; the rows stay in the log. */
    default void historyFailed() {}

    /** Counts deleted authors to which no row referred any more. */
    default void authorsPruned(int authors) {}
}
