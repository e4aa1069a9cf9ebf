package io.keck.crdt;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The options of an {@link UndoManager}. Immutable.
 *
 * @param clock returns the time in milliseconds
 * @param captureTimeout changes that follow each other in less than this many milliseconds are undone together
 * @param trackedOrigins the origins whose changes are undone: origins of transactions, which may be null, or their
 *     classes
 * @param ignoreRemoteMapChanges whether the value of a key is restored even if another client has set the key since
 * @param captureTransaction decides whether a transaction is captured at all
 * @param deleteFilter decides whether an undo or redo may delete this content
 */
public record UndoOptions(
        LongSupplier clock,
        long captureTimeout,
        Set<@Nullable Object> trackedOrigins,
        boolean ignoreRemoteMapChanges,
        Predicate<Transaction> captureTransaction,
        Predicate<ItemView> deleteFilter) {
    private static final long CAPTURE_TIMEOUT = 500;

    /** The defaults: half a second, changes without an origin, nothing filtered. */
    public static UndoOptions create(LongSupplier clock) {
        return new UndoOptions(
                clock, CAPTURE_TIMEOUT, Collections.singleton(null), false, transaction -> true, item -> true);
    }

    /** Copies the origins. */
    public UndoOptions {
        trackedOrigins = Collections.unmodifiableSet(new LinkedHashSet<>(trackedOrigins));
    }

    /** These options with another capture timeout; 0 makes each transaction a step of its own. */
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

    /** These options with {@code ignoreRemoteMapChanges} on or off. */
    public UndoOptions withIgnoreRemoteMapChanges(boolean ignore) {
        return new UndoOptions(clock, captureTimeout, trackedOrigins, ignore, captureTransaction, deleteFilter);
    }

    /** These options with another {@code captureTransaction}. */
    public UndoOptions withCaptureTransaction(Predicate<Transaction> choice) {
        return new UndoOptions(clock, captureTimeout, trackedOrigins, ignoreRemoteMapChanges, choice, deleteFilter);
    }

    /** These options with another {@code deleteFilter}. */
    public UndoOptions withDeleteFilter(Predicate<ItemView> filter) {
        return new UndoOptions(
                clock, captureTimeout, trackedOrigins, ignoreRemoteMapChanges, captureTransaction, filter);
    }
}
