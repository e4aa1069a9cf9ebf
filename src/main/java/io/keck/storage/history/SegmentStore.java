package io.keck.storage.history;

import java.util.Collection;
import java.util.function.LongPredicate;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of segments and checkpoints are stored, as objects with random ids that are written once and never changed.
 * An object is written before the row that refers to it and deleted after that; what a killed node leaves behind is swept.
 * Implementations are thread-safe; a failure is a {@link RuntimeException}.
 */
interface SegmentStore {
    /** The name of the store in the database. */
    String name();

    /** Stores an object for good: it survives a crash after the call has returned. */
    void put(long roomId, long object, byte[] content);

    /**
     * Reads an object; null if there is none.
     *
     * @param h of the database, or of a replica of it, where the reference was found
     */
    byte @Nullable [] get(Handle h, long roomId, long object);

    /** Deletes objects, as far as they exist. */
    void delete(long roomId, Collection<Long> objects);

    /**
     * Deletes old objects to which nothing refers.
     *
     * @param before milliseconds since 1970; younger objects may be about to get their reference
     * @param isReferred whether a row refers to an object
     * @return how many were deleted
     */
    int sweep(long before, LongPredicate isReferred);
}
