package io.keck.auth;

import io.keck.access.Fault;

/** A credential was refused. Has no stack trace and contains nothing of the credential. */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Fault fault;

    /** @param why the reason for the log at level DEBUG; must contain nothing of the credential */
    RefusedException(Fault fault, String why) {
        super(why, null, false, false);
        this.fault = fault;
    }

    Fault fault() {
        return fault;
    }
}
