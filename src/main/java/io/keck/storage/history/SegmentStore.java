package io.keck.storage.history;

import java.util.Collection;
import java.util.function.LongPredicate;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A store for the bytes of segments and checkpoints: objects with random ids that are written once and never changed.
 * An object is written before the row that refers to it and deleted after that row; {@link #sweep} deletes the objects
 * that a killed node leaves behind. Implementations are thread-safe; a failure is a {@link RuntimeException}.
 */
interface SegmentStore {
    /** The name of the store in references. */
    String name();

    /** Stores an object durably: it survives a crash after the call has returned. */
    void put(long roomId, long object, byte[] content);

    /**
     * Reads an object; returns null if there is none.
     *
     * @param h a handle of the database or replica in which the reference was found
     */
    byte @Nullable [] get(Handle h, long roomId, long object);

    /** Deletes objects; ids that do not exist are ignored. */
    void delete(long roomId, Collection<Long> objects);

    /**
     * Deletes old objects to which no row refers.
     *
     * @param before the time in milliseconds since 1970 before which objects must have been written; younger objects
     *     may be about to get their reference
     * @param isReferred whether a row refers to an object
     * @return the number of deleted objects
     */
    int sweep(long before, LongPredicate isReferred);
}
