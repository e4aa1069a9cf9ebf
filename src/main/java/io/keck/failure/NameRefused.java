package io.keck.failure;

/**
 * No room can be created under the requested name; an existing room with this name stays usable. Nothing was changed.
 * Immutable.
 */
public final class NameRefused extends Failure {
    private static final long serialVersionUID = 1L;

    private final String problem;

    /** @param problem what is wrong with the name, as a sentence */
    public NameRefused(String problem) {
        super(problem, null);
        this.problem = problem;
    }

    /** What is wrong with the name, as a sentence. */
    public String problem() {
        return problem;
    }

    @Override
    public <T> T tell(Handler<T> handler) {
        return handler.nameRefused(this);
    }
}
