package io.keck.failure;

/**
 * The document has reached a size limit, so changes that make it larger are refused. Nothing was changed. Immutable.
 */
public final class TooLarge extends Failure {
    private static final long serialVersionUID = 1L;

    /** @param sentence names the limit and the changes that are still accepted */
    public TooLarge(String sentence) {
        super(sentence, null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.tooLarge(this);
    }
}
