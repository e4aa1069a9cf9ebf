package io.keck.feed;

import io.keck.failure.Unavailable;

/** Thrown if the database does not answer. */
public final class Unavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param cause the failure */
    public Unavailable(Throwable cause) {
        super("the database does not answer: " + cause, cause);
    }
}
