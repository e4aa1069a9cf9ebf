package io.keck.feed;

/** Thrown if the database does not answer. */
public final class FeedUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param cause the failure */
    public FeedUnavailableException(Throwable cause) {
        super("the database does not answer: " + cause, cause);
    }
}
