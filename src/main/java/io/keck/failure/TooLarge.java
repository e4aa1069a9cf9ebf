package io.keck.failure;

/** The document has reached a limit, so nothing that makes it larger is taken. Nothing was changed. Immutable. */
public final class TooLarge extends Failure {
    private static final long serialVersionUID = 1L;

    /** @param sentence which limit, and what is taken */
    public TooLarge(String sentence) {
        super(sentence, null);
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.tooLarge(this);
    }
}
