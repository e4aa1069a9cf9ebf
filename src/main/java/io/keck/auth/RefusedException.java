package io.keck.auth;

import io.keck.access.Fault;

/** A credential that is not accepted. Without a stack trace, and without anything of the credential. */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Fault fault;

    /** @param why for the log of level DEBUG; says nothing of what the credential holds */
    RefusedException(Fault fault, String why) {
        super(why, null, false, false);
        this.fault = fault;
    }

    Fault fault() {
        return fault;
    }
}
