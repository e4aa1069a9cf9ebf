package io.keck.api;

import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Principal;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.heap.Addresses;
import io.keck.heap.Rates;
import io.keck.protocol.Message;
import io.keck.room.Documents.Answer;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.function.LongSupplier;

/** Messages of back ends for the applications of all clients of a workspace. Thread-safe. */
@Path("/messages/{workspace}")
public final class MessageResource {
    private static final int UNPROCESSABLE = 422;
    private static final double PER_SECOND = 100;
    private static final double BURST_SECONDS = 2;
    private static final int MAX_KEYS = 10_000;

    private final DocumentCalls calls;
    /** By principal, or by address for callers without a credential: each message goes to every client of a document. */
    private final Rates rates;

    /** @param steady milliseconds of a steady clock */
    MessageResource(DocumentCalls calls, LongSupplier steady) {
        this.calls = calls;
        this.rates = new Rates(MAX_KEYS, steady);
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
        Grant grant = call.grant();
        Principal principal = grant.principal();
        boolean isNobody = principal.equals(Principal.ANONYMOUS);
        String key = isNobody ? "\n" + Addresses.network(call.address()) : principal.id();
        long wait = rates.take(key, PER_SECOND, BURST_SECONDS);
        if (wait > 0) {
            int seconds = (int) ((wait + 999) / 1_000);
            throw new WebApplicationException(NeedsFilter.refusal(new Decision.Refused(Fault.LIMIT, seconds)));
        }
        calls.finish(
                response,
                call.workspace(),
                Missing.SENTENCE,
                calls.documents()
                        .broadcast(grant, message)
                        .thenApply(sent ->
                                new Answer<>(Reply.empty(Status.NO_CONTENT), sent.roomId(), sent.seq(), sent.stale())));
    }
}
