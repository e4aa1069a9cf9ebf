package io.keck.crdt;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How an {@link UndoManager} works. Immutable.
 *
 * @param clock the time in milliseconds
 * @param captureTimeout changes that follow each other faster, in milliseconds, are undone together
 * @param trackedOrigins whose changes are undone: origins of transactions, null among them, or their classes
 * @param ignoreRemoteMapChanges whether the value of a key is brought back though somebody else has set it since
 * @param captureTransaction which transactions are looked at at all
 * @param deleteFilter whether an undo or redo may delete this content; what it refuses stays
 */
public record UndoOptions(
        LongSupplier clock,
        long captureTimeout,
        Set<@Nullable Object> trackedOrigins,
        boolean ignoreRemoteMapChanges,
        Predicate<Transaction> captureTransaction,
        Predicate<ItemView> deleteFilter) {
    private static final long CAPTURE_TIMEOUT = 500;

    /** Half a second, changes without an origin, nothing filtered. */
    public static UndoOptions create(LongSupplier clock) {
        return new UndoOptions(
                clock, CAPTURE_TIMEOUT, Collections.singleton(null), false, transaction -> true, item -> true);
    }

    /** Copies the origins. */
    public UndoOptions {
        trackedOrigins = Collections.unmodifiableSet(new LinkedHashSet<>(trackedOrigins));
    }

    /** These options with another timeout; 0 undoes each transaction by itself. */
    public UndoOptions withCaptureTimeout(long millis) {
        return new UndoOptions(clock, millis, trackedOrigins, ignoreRemoteMapChanges, captureTransaction, deleteFilter);
    }

    /** These options with other origins. */
    public UndoOptions withTrackedOrigins(Set<? extends @Nullable Object> origins) {
        return new UndoOptions(
                clock,
                captureTimeout,
                new LinkedHashSet<>(origins),
                ignoreRemoteMapChanges,
                captureTransaction,
                deleteFilter);
    }

    /** These options, values of others overwritten or not. */
    public UndoOptions withIgnoreRemoteMapChanges(boolean ignore) {
        return new UndoOptions(clock, captureTimeout, trackedOrigins, ignore, captureTransaction, deleteFilter);
    }

    /** These options with another choice of transactions. */
    public UndoOptions withCaptureTransaction(Predicate<Transaction> choice) {
        return new UndoOptions(clock, captureTimeout, trackedOrigins, ignoreRemoteMapChanges, choice, deleteFilter);
    }

    /** These options with another choice of what may be deleted. */
    public UndoOptions withDeleteFilter(Predicate<ItemView> filter) {
        return new UndoOptions(
                clock, captureTimeout, trackedOrigins, ignoreRemoteMapChanges, captureTransaction, filter);
    }
}
