package io.keck.history;

import io.keck.failure.Unavailable;
import java.util.List;

/**
 * Deleted documents. A deleted document is kept for a while with its blobs and its history and can be restored in that
 * time ({@link #undelete}); then its content is removed. {@link #purge} removes it at once. Implementations are
 * thread-safe; calls wait for the database and throw {@link Unavailable} if it does not answer.
 */
public interface DeletedDocuments {
    /** The outcome of {@link #undelete}. */
    enum Undeleted {
        /** The document exists again, with the same id. */
        BACK,
        /** A document with that name exists, so nothing was done. */
        LIVES,
        /** No document with that name was deleted recently enough. */
        NOT_THERE
    }

    /**
     * The outcome of {@link #purge}.
     *
     * @param lives whether a document with that name exists; then nothing was done
     * @param receipts a JSON object for each life of the name that was ever purged: what was removed, its hashes, when,
     *     by whom, and which copies are beyond Keck's reach
     */
    record Purged(boolean lives, List<String> receipts) {}

    /** Restores the last life of a name, with its blobs and its history. */
    Undeleted undelete(String document);

    /**
     * Removes all ended lives of a name for good, with their history, keys, labels and blobs, before it returns. If it
     * fails after the purge was recorded, a node completes the purge later.
     *
     * @param by the principal that requests it
     */
    Purged purge(String document, String by);
}
