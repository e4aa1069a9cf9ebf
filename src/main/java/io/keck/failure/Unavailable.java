package io.keck.failure;

/**
 * The database does not answer, is too busy or lost data that was on its way; or this node is full or going down. Worth
 * another attempt a moment later. Immutable.
 */
public final class Unavailable extends Failure {
    private static final long serialVersionUID = 1L;

    private final boolean outcomeUnknown;

    /**
     * A failure that is an answer, without a stack trace.
     *
     * @param message says why
     * @param outcomeUnknown whether the change may have been made all the same; else it was not, and never will be
     */
    public Unavailable(String message, boolean outcomeUnknown) {
        super(message, null);
        this.outcomeUnknown = outcomeUnknown;
    }

    /**
     * A failure of the database.
     *
     * @param message says why
     * @param outcomeUnknown whether the change may have been made all the same; else it was not, and never will be
     */
    public Unavailable(String message, boolean outcomeUnknown, Throwable cause) {
        super(message, cause);
        this.outcomeUnknown = outcomeUnknown;
    }

    /** The database failed, and it is not known whether a change was made. */
    public static Unavailable database(Throwable cause) {
        return new Unavailable("the database does not answer: " + cause, true, cause);
    }

    /** Whether the change may have been made all the same; making it again is harmless. */
    public boolean isOutcomeUnknown() {
        return outcomeUnknown;
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.unavailable(this);
    }
}
