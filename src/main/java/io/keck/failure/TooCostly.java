package io.keck.failure;

/**
 * The content of a document takes more steps to put in order, or to write down, than back ends may cost. Nothing is changed, and the
 * connections of the document are not affected: their replica needs no such steps. Immutable.
 */
public final class TooCostly extends Failure {
    /** Milliseconds after which a reader of the log tries such a document again. */
    public static final long RETRY_MILLIS = 600_000;

    private static final long serialVersionUID = 1L;
    private final long retryMillis;

    /** @param retryMillis after which the document is tried again */
    public TooCostly(long retryMillis) {
        super("The content of the document takes too many steps to put in order or to write down.", null);
        this.retryMillis = retryMillis;
    }

    /**
     * Of a reader of the log.
     *
     * @param room its name
     * @param steps that were taken before it was given up
     */
    public TooCostly(String room, long steps) {
        super("the content of room " + room + " took " + steps + " steps to put in order", null);
        this.retryMillis = RETRY_MILLIS;
    }

    /** Milliseconds after which the document is tried again. */
    public long retryMillis() {
        return retryMillis;
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.tooCostly(this);
    }
}
