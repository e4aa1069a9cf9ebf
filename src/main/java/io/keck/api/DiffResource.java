package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.UpdateInPieces;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** What a copy of a document lacks. Thread-safe. */
@Path("/documents/{document}/diff")
public final class DiffResource {
    private static final int UNPROCESSABLE = 422;

    private final DocumentCalls calls;
    private final WholeDocuments whole;

    DiffResource(DocumentCalls calls) {
        this.calls = calls;
        this.whole = new WholeDocuments(calls);
    }

    /** Answers with an update that has what a copy with the state vector in the body lacks. */
    @Needs(Right.READ)
    @POST
    public void diff(
            @BeanParam Call call,
            @QueryParam("format") @Nullable String format,
            @Context HttpHeaders headers,
            InputStream body,
            @Suspended AsyncResponse response)
            throws IOException {
        boolean isV2 = "v2".equals(format);
        if (format != null && !isV2 && !format.equals("v1")) {
            throw Refusal.bad("format is \"v1\" or \"v2\".");
        }
        StateVector known = stateVector(calls.bodies().update(headers, body));
        whole.answer(
                call,
                (store, spill) ->
                        isV2 ? UpdateInPieces.v2(store, known, spill) : UpdateInPieces.v1(store, known, spill),
                response);
    }

    private static StateVector stateVector(byte[] body) {
        try {
            return body.length == 0 ? StateVector.EMPTY : StateVector.decode(body);
        } catch (DecodeException e) {
            throw new Refusal(Reply.text(UNPROCESSABLE, "The body is not a Yjs state vector: " + e.getMessage() + "."));
        }
    }
}
