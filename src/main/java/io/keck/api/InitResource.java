package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.Update;
import io.keck.room.Documents.Answer;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Initialises a workspace with an update. Thread-safe. */
@Path("/block/{workspace}/init")
public final class InitResource {
    private static final byte[] EMPTY_UPDATE = {0, 0};

    private final DocumentCalls calls;

    InitResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /**
     * Answers 200 with the whole document if the workspace was created, 304 if an existing one was kept. A repetition
     * of the creating request gets 200 with the current document, or 404 if it was deleted since.
     */
    @Needs(Right.CREATE) // and Right.REPLACE with force=true
    @POST
    public void init(
            @BeanParam Call call,
            @QueryParam("force") @Nullable String force,
            @Context HttpHeaders headers,
            @Context HttpServletRequest request,
            InputStream body,
            @Suspended AsyncResponse response)
            throws IOException {
        String workspace = call.workspace();
        String address = call.address();
        boolean replace = Parameters.flag("force", force);
        if (replace) {
            NeedsFilter.demand(request, workspace, Right.REPLACE);
        }
        byte[] bytes = calls.bodies().update(headers, body);
        Update update;
        try {
            update = Update.decode(bytes.length == 0 ? EMPTY_UPDATE : bytes);
        } catch (DecodeException e) {
            throw new Refusal(Reply.text(422, "The body is not a Yjs update in V1: " + e.getMessage() + "."));
        }
        DocumentCalls.checkSize(call.allowance(), bytes.length);
        calls.resume(
                response,
                DocumentCalls.settled(calls.documents().init(call.grant(), update, replace, call.key()))
                        .handleAsync(
                                (written, error) -> {
                                    if (error == null) {
                                        return written.map(content -> made(content, address))
                                                .orElseGet(() ->
                                                        Response.notModified().build());
                                    }
                                    return Failures.of(DocumentCalls.cause(error), workspace, Missing.SENTENCE);
                                },
                                calls::execute));
    }

    private Response made(Answer<byte[]> written, String address) {
        return Failures.response(calls.bytes(written.value(), address))
                .header("Keck-Seq", written.roomId() + "-" + written.seq())
                .build();
    }
}
