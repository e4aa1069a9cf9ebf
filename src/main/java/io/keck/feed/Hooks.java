package io.keck.feed;

import io.keck.failure.Unavailable;
import java.util.concurrent.CompletionStage;

/** Where changes are delivered to. Implementations are thread-safe. */
public interface Hooks {
    /**
     * Sets the endpoint for all nodes; completes when that is committed. Fails with {@link RefusedException}, and with
     * {@link Unavailable} when nobody knows whether it was done.
     *
     * @param url where to; empty for nowhere
     */
    CompletionStage<Void> set(String url);

    /** That address will not do. */
    final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param sentence why, for whoever asked */
        public RefusedException(String sentence) {
            super(sentence, null, false, false);
        }
    }
}
