package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.protocol.Message;
import io.keck.room.Documents.Answer;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** Messages of back ends for the applications of all clients of a workspace. Thread-safe. */
@Path("/messages/{workspace}")
public final class MessageResource {
    private static final int UNPROCESSABLE = 422;

    private final DocumentCalls calls;

    MessageResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** Answers 204 once the message is on its way to the clients that are connected now. */
    @Needs(Right.MESSAGES)
    @POST
    public void broadcast(
            @BeanParam Call call, @Context HttpHeaders headers, InputStream body, @Suspended AsyncResponse response)
            throws IOException {
        Object asked = calls.bodies().json(headers, body);
        Object text = asked instanceof Map<?, ?> object && object.size() == 1 ? object.get("message") : null;
        if (!(text instanceof String message) || message.length() > Message.MAX_TEXT) {
            throw new Refusal(Reply.text(
                    UNPROCESSABLE,
                    "The body must be {\"message\":\"…\"} with a text of at most " + Message.MAX_TEXT
                            + " characters."));
        }
        calls.finish(
                response,
                call.workspace(),
                Missing.SENTENCE,
                calls.documents()
                        .broadcast(call.grant(), message)
                        .thenApply(sent ->
                                new Answer<>(Reply.empty(Status.NO_CONTENT), sent.roomId(), sent.seq(), sent.stale())));
    }
}
