package io.keck.access;

import org.jspecify.annotations.Nullable;

/**
 * The remaining allowance of a grant on this node: the limits of its principal and the quota of its tenant. Never
 * blocks. Thread-safe.
 */
public interface Allowance {
    /** The allowance without limits. */
    Allowance ALL = new Allowance() {};

    /** Returns the reason why no further connection may be opened now; null if one may. */
    default Decision.@Nullable Refused connection() {
        return null;
    }

    /** Returns the reason why no further document may be created now; null if one may. */
    default Decision.@Nullable Refused newDocument() {
        return null;
    }

    /** Counts a created document. */
    default void madeDocument() {}

    /** Returns the reason why no more bytes may be sent now; null if they may. */
    default Decision.@Nullable Refused bytes() {
        return null;
    }

    /**
     * Counts received bytes.
     *
     * @return the milliseconds for which reading should pause; 0 for none
     */
    default long received(long bytes) {
        return 0;
    }

    /** Returns the reason why nothing may be stored; null if something may. Deletions are always possible. */
    default Decision.@Nullable Refused storage() {
        return null;
    }

    /** Counts the bytes of an accepted change or blob. */
    default void stored(long bytes) {}

    /** The largest size in bytes to which a change may make a document grow. */
    default long maxDocument() {
        return Long.MAX_VALUE;
    }

    /**
     * Returns the reason why a change other than a deletion may not make a document this large; null if it may.
     *
     * @param bytes the size of the encoded document
     */
    default @Nullable String whyNotGrow(long bytes) {
        if (bytes > maxDocument()) {
            return "The document has reached the limit of this credential, " + maxDocument()
                    + " bytes: it accepts only deletions from this connection.";
        }
        Decision.Refused full = storage();
        return full == null ? null : full.fault().sentence();
    }
}
