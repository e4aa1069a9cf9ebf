package io.keck.failure;

/**
 * The grant that was handed in does not contain a right. Rights are checked where calls come in, so this says that one
 * was let in by mistake; nothing was done.
 */
public final class Forbidden extends Failure {
    private static final long serialVersionUID = 1L;

    /** @param right its name */
    public Forbidden(String right) {
        super("the grant of the call lacks the right " + right, null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.forbidden(this);
    }
}
