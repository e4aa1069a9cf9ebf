package io.keck.blob;

import io.keck.access.Grant;
import io.keck.failure.Forbidden;
import io.keck.failure.Refused;
import io.keck.failure.RoomGone;
import io.keck.failure.Unavailable;
import io.keck.room.RequestKey;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The store for the blobs of all documents. Calls block; implementations are thread-safe, an {@link Upload} is used by
 * one thread.
 *
 * <p>From the return of {@link Upload#publish} on, a blob is visible as a whole on every node; before that it is not
 * visible at all. Blobs belong to one life of their document: when that is deleted they are gone at once, and a
 * document that is recreated under the same name begins without any. A name that was never a document may have blobs,
 * too: clients upload before they connect.
 *
 * <p>A call on a document comes with the grant of its caller and throws {@link Forbidden} if that lacks the right to read,
 * write or delete blobs. Every method throws {@link Unavailable} if the database fails or does not answer.
 */
public interface BlobStore {
    /**
     * A blob as it was found.
     *
     * @param id the hash of its bytes
     * @param contentId the id under which its bytes are stored; never reused for other bytes
     * @param size its size in bytes
     * @param pieceSize bytes in each piece but the last
     * @param storedAt the time at which it was added to the document, in milliseconds since 1970
     */
    record Blob(BlobId id, long contentId, long size, int pieceSize, long storedAt) {}

    /**
     * A blob whose bytes have arrived.
     *
     * @param exists whether the document has it: false if the upload repeats one that was carried out before under its
     *     key, and the blob was deleted since
     */
    record Published(BlobId id, boolean exists) {}

    /** An upload of one blob; some of its bytes are kept in memory. */
    interface Upload extends AutoCloseable {
        /** Adds bytes; the array may be reused when this returns. */
        void write(byte[] bytes, int offset, int length);

        /**
         * Commits the blob and makes it visible. If the document has these bytes already, that blob stays as it is.
         *
         * @param key stored in the same transaction, or null; if the document has seen the key before, nothing is done
         * @throws RoomGone if the document was deleted since the upload began
         * @throws Refused if the key was used for another request
         */
        Published publish(@Nullable RequestKey key);

        /** As {@link #publish(RequestKey)}, without a key. */
        default BlobId publish() {
            return publish(null).id();
        }

        /** Discards an upload that was not published. Does not throw. */
        @Override
        void close();
    }

    /**
     * Begins an upload into the current life of the document of a grant.
     *
     * @throws RoomGone if the document was deleted recently and must not be recreated yet
     */
    Upload begin(Grant grant);

    /** Finds a blob of the document of a grant. */
    Optional<Blob> find(Grant grant, BlobId id);

    /**
     * Reads a piece of a blob. No connection to the database is held between two calls. The pieces of a blob that is
     * deleted meanwhile can be read for a while.
     *
     * @param number the number of the piece, from 0 on
     * @return all its bytes; the caller may keep the array
     */
    byte[] read(Blob blob, long number);

    /**
     * Deletes a blob; returns false if there is none.
     *
     * @param key stored in the same transaction if a blob is deleted, or null; if the document has seen the key
     *     before, nothing is done and the answer is true
     * @throws Refused if the key was used for another request
     */
    boolean delete(Grant grant, BlobId id, @Nullable RequestKey key);

    /** As {@link #delete(Grant, BlobId, RequestKey)}, without a key. */
    default boolean delete(Grant grant, BlobId id) {
        return delete(grant, id, null);
    }
}
