package io.keck.history;

import io.keck.failure.Unavailable;
import java.util.List;

/**
 * Documents that were deleted. Each is kept for a while with its blobs and its history, and can be brought back; then it is
 * emptied. Or it is purged at once. Implementations are thread-safe; calls wait for the database and throw {@link Unavailable} if
 * it does not answer.
 */
public interface DeletedDocuments {
    /** The outcome of {@link #undelete}. */
    enum Undeleted {
        /** The document is back, with the same id. */
        BACK,
        /** There is a document with that name, so nothing was done. */
        LIVES,
        /** No document with that name was deleted recently enough. */
        NOT_THERE
    }

    /**
     * The outcome of {@link #purge}.
     *
     * @param lives whether there is a document with that name; nothing was done then
     * @param receipts a JSON object for each life of the name that was ever purged: what, its hashes, when, by whom, and what is outside
     */
    record Purged(boolean lives, List<String> receipts) {}

    /** Brings the last life of a name back, with its blobs and its history. */
    Undeleted undelete(String document);

    /**
     * Removes all ended lives of a name for good, with their history, keys, labels and blobs. When the call returns, this is done; if
     * it fails after the purge was noted, another node goes on with it.
     *
     * @param by the principal that wants it
     */
    Purged purge(String document, String by);
}
