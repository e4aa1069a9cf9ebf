package io.keck.access;

/** The decision about a credential. */
public sealed interface Decision {
    /** The credential has all demanded rights. */
    record Admitted(Grant grant) implements Decision {}

    /**
     * The credential lacks a right or is invalid.
     *
     * @param fault the reason
     * @param retryAfterSeconds the seconds until a retry makes sense; 0 if it never does
     */
    record Refused(Fault fault, int retryAfterSeconds) implements Decision {
        /** Creates a refusal that a retry with the same credential cannot change. */
        public Refused(Fault fault) {
            this(fault, 0);
        }
    }
}
