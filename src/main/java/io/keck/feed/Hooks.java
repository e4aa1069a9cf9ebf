package io.keck.feed;

import io.keck.access.Grant;
import io.keck.failure.Forbidden;
import io.keck.failure.Unavailable;
import java.util.concurrent.CompletionStage;

/** The endpoint to which changes are delivered. Implementations are thread-safe. */
public interface Hooks {
    /**
     * Sets the endpoint for all nodes; completes when that is committed. Fails with {@link RefusedException}, with {@link
     * Forbidden} if the grant lacks the right {@code admin} on the server, and with {@link Unavailable} if the outcome is
     * unknown.
     *
     * @param grant the grant of the caller
     * @param url the endpoint; empty to deliver nowhere
     */
    CompletionStage<Void> set(Grant grant, String url);

    /** Thrown for an endpoint that cannot or must not be used. */
    final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param sentence the reason, for the client that set the endpoint */
        public RefusedException(String sentence) {
            super(sentence, null, false, false);
        }
    }
}
