package io.keck.failure;

/**
 * The database does not answer, is too busy or lost data in transit; or this node is full or shutting down. A retry
 * shortly afterwards may succeed. Immutable.
 */
public final class Unavailable extends Failure {
    private static final long serialVersionUID = 1L;

    private final boolean outcomeUnknown;

    /**
     * Creates a failure without a stack trace.
     *
     * @param message the reason, as a clause or sentence
     * @param outcomeUnknown whether the change may have been made nevertheless; otherwise it was not and will not be
     */
    public Unavailable(String message, boolean outcomeUnknown) {
        super(message, null);
        this.outcomeUnknown = outcomeUnknown;
    }

    /**
     * Creates a failure that is caused by the database.
     *
     * @param message the reason, as a clause or sentence
     * @param outcomeUnknown whether the change may have been made nevertheless; otherwise it was not and will not be
     */
    public Unavailable(String message, boolean outcomeUnknown, Throwable cause) {
        super(message, cause);
        this.outcomeUnknown = outcomeUnknown;
    }

    /** Returns a failure of the database after which it is unknown whether the change was made. */
    public static Unavailable database(Throwable cause) {
        return new Unavailable("the database does not answer: " + cause, true, cause);
    }

    /** Whether the change may have been made nevertheless; repeating it is harmless. */
    public boolean isOutcomeUnknown() {
        return outcomeUnknown;
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.unavailable(this);
    }
}
