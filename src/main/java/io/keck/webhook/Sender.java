package io.keck.webhook;

import io.keck.feed.Cursors.Endpoint;
import java.util.concurrent.CompletionStage;

/** Posts deliveries. Implementations are thread-safe and wait for nothing. */
interface Sender {
    /**
     * Posts a body.
     *
     * @param id the same for each attempt
     * @return completes normally when the receiver has taken it; else with why not, in bounded time
     */
    CompletionStage<?> post(Endpoint endpoint, String id, byte[] body);
}
