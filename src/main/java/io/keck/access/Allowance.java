package io.keck.access;

import org.jspecify.annotations.Nullable;

/**
 * What is left to a grant of the limits of its principal and of the quota of its tenant, on this node. Never waits.
 * Thread-safe.
 */
public interface Allowance {
    /** Of those who have no limits. */
    Allowance ALL = new Allowance() {};

    /** Why no further connection may be opened now; null if one may. */
    default Decision.@Nullable Refused connection() {
        return null;
    }

    /** Why no further document may be made now; null if one may. */
    default Decision.@Nullable Refused newDocument() {
        return null;
    }

    /** A document was made. */
    default void madeDocument() {}

    /** Why nothing more may be sent now; null if something may. */
    default Decision.@Nullable Refused bytes() {
        return null;
    }

    /**
     * Bytes have come.
     *
     * @return milliseconds for which nothing more should be read, 0 for none
     */
    default long received(long bytes) {
        return 0;
    }

    /** Why nothing may be stored; null if something may. Deletions are always possible. */
    default Decision.@Nullable Refused storage() {
        return null;
    }

    /** Bytes of a change or a blob were taken. */
    default void stored(long bytes) {}

    /** Bytes to which a change may make a document grow. */
    default long maxDocument() {
        return Long.MAX_VALUE;
    }

    /**
     * Why a document may not become as large as that by a change that is no deletion; null if it may.
     *
     * @param bytes of the document, as Yjs encodes it
     */
    default @Nullable String whyNotGrow(long bytes) {
        if (bytes > maxDocument()) {
            return "The document has reached the limit of this credential, " + maxDocument()
                    + " bytes: it takes deletions, and nothing else from here.";
        }
        Decision.Refused full = storage();
        return full == null ? null : full.fault().sentence();
    }
}
