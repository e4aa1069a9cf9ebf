package io.keck.access;

/** What comes of a credential. */
public sealed interface Decision {
    /** It has all rights that were asked for. */
    record Admitted(Grant grant) implements Decision {}

    /**
     * It has not.
     *
     * @param fault why
     * @param retryAfterSeconds when to try again; 0 where that would not help
     */
    record Refused(Fault fault, int retryAfterSeconds) implements Decision {
        /** To be tried again only with another credential. */
        public Refused(Fault fault) {
            this(fault, 0);
        }
    }
}
