package io.keck.metrics;

import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What happens to the log in its database, told to whoever counts. Implementations are thread-safe and quick. */
public interface LogMetrics {
    /** Counts nothing. */
    LogMetrics NONE = new LogMetrics() {};

    /** Tells where it can be read at any time whether the database answers, and the directory of an embedded one, or null. */
    default void watch(BooleanSupplier isUp, @Nullable Path directory) {}

    /** A group of so many writes was carried out, or has failed, in that time. */
    default void group(int writes, long nanos) {}

    /** The database answered the question whether it is there. */
    default void answered(long nanos) {}

    /** Something failed because of the database. */
    default void failed() {}

    /** The database has no room left to write to. */
    default void full() {}

    /** So many rows of a room were folded into its snapshot. */
    default void folded(int rows, long nanos) {}

    /** A room could not be folded. */
    default void foldFailed() {}

    /** So many folded rows were deleted. */
    default void purged(int rows) {}
}
