package io.keck.blob;

import io.keck.failure.Refused;
import io.keck.failure.RoomGone;
import io.keck.failure.Unavailable;
import io.keck.room.RequestKey;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the blobs of all workspaces are. Calls block; implementations are thread-safe, an {@link Upload} is used by one
 * thread.
 *
 * <p>A blob is visible from the return of {@link Upload#publish} on, whole, on every node, or not at all. Blobs belong to
 * one life of their workspace: when that is deleted they are gone at once, and a workspace made anew under the same name
 * begins without any. A name that was never a workspace may have blobs, too: clients upload before they connect.
 *
 * <p>Every method throws {@link Unavailable} when the database does not do its part.
 */
public interface BlobStore {
    /**
     * A blob as it was found.
     *
     * @param id the hash of its bytes
     * @param contentId where its bytes are; never used again for others
     * @param size in bytes
     * @param pieceSize bytes in each piece but the last
     * @param storedAt when it came into the workspace, milliseconds since 1970
     */
    record Blob(BlobId id, long contentId, long size, int pieceSize, long storedAt) {}

    /**
     * A blob whose bytes have come.
     *
     * @param exists whether the workspace has it: not where the upload repeats one that was carried out before under its
     *     key, and the blob was deleted since
     */
    record Published(BlobId id, boolean exists) {}

    /** The bytes of one blob on their way in, some of them in memory. */
    interface Upload extends AutoCloseable {
        /** Takes bytes; they may be used again when this returns. */
        void write(byte[] bytes, int offset, int length);

        /**
         * Makes the blob visible, committed; where the workspace has these bytes already, that blob stays as it is.
         *
         * @param key kept in the same transaction; where the workspace has seen it before, nothing is done. Null for none
         * @throws RoomGone if the workspace was deleted since the upload began
         * @throws Refused if the key was used for another request
         */
        Published publish(@Nullable RequestKey key);

        /** The same without a key. */
        default BlobId publish() {
            return publish(null).id();
        }

        /** Gives up what was not published. Does not throw. */
        @Override
        void close();
    }

    /**
     * Begins an upload into the workspace of that name as it is now.
     *
     * @throws RoomGone if it was deleted a moment ago and nobody may make it anew yet
     */
    Upload begin(String workspace);

    /** The blob of that workspace, if it has it. */
    Optional<Blob> find(String workspace, BlobId id);

    /**
     * A piece of a blob. No connection to the database is held between two of them. The pieces of a blob that is deleted
     * meanwhile can be read for a while.
     *
     * @param number from 0 on
     * @return all its bytes; the caller may keep them
     */
    byte[] read(Blob blob, long number);

    /**
     * Deletes a blob; false when there is none.
     *
     * @param key kept in the same transaction where a blob is deleted; null for none. Where the workspace has seen it before,
     *     nothing is done, and the answer is true
     * @throws Refused if the key was used for another request
     */
    boolean delete(String workspace, BlobId id, @Nullable RequestKey key);

    /** The same without a key. */
    default boolean delete(String workspace, BlobId id) {
        return delete(workspace, id, null);
    }
}
