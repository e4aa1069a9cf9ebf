package io.keck.webhook;

import io.keck.feed.Cursors.Endpoint;
import java.util.concurrent.CompletionStage;

/** Posts deliveries. Implementations are thread-safe and do not block. */
interface Sender {
    /**
     * Posts a body.
     *
     * @param id the same for each attempt
     * @return completes normally once the receiver has accepted the body, otherwise with the reason; in bounded time
     */
    CompletionStage<?> post(Endpoint endpoint, String id, byte[] body);
}
