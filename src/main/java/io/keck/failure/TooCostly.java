package io.keck.failure;

/**
 * Integrating the content of a document, or writing it down, takes more steps than back ends are allowed. Nothing was
 * changed, and connections to the document are not affected, because the replica that serves them integrates nothing.
 * Immutable.
 */
public final class TooCostly extends Failure {
    /** Milliseconds until a reader of the log retries such a document. */
    public static final long RETRY_MILLIS = 600_000;

    private static final long serialVersionUID = 1L;
    private final long retryMillis;

    /** @param retryMillis milliseconds until a retry makes sense */
    public TooCostly(long retryMillis) {
        super("The content of the document takes too many steps to put in order or to write down.", null);
        this.retryMillis = retryMillis;
    }

    /**
     * A failure of a reader of the log.
     *
     * @param room the name of the room
     * @param steps the steps taken before the reader gave up
     */
    public TooCostly(String room, long steps) {
        super("integrating the content of room " + room + " was given up after " + steps + " steps", null);
        this.retryMillis = RETRY_MILLIS;
    }

    /** Milliseconds until a retry makes sense. */
    public long retryMillis() {
        return retryMillis;
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.tooCostly(this);
    }
}
