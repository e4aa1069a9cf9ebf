package io.keck.blob;

import io.keck.failure.Unavailable;

/** Thrown if the database does not answer, is too busy, or failed during a call; the call can be repeated. */
public final class Unavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean outcomeUnknown;

    /**
     * @param message what failed
     * @param outcomeUnknown whether the call may have taken effect nevertheless
     */
    public Unavailable(String message, boolean outcomeUnknown) {
        super(message);
        this.outcomeUnknown = outcomeUnknown;
    }

    /**
     * @param message what failed
     * @param outcomeUnknown whether the call may have taken effect nevertheless
     * @param cause the failure
     */
    public Unavailable(String message, boolean outcomeUnknown, Throwable cause) {
        super(message, cause);
        this.outcomeUnknown = outcomeUnknown;
    }

    /** Whether the call may have taken effect nevertheless; repeating it is harmless. */
    public boolean isOutcomeUnknown() {
        return outcomeUnknown;
    }
}
