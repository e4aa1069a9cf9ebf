package io.keck.feed;

/** The database does not answer. */
public final class FeedUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param cause what it said, if anything */
    public FeedUnavailableException(Throwable cause) {
        super("the database does not answer: " + cause, cause);
    }
}
