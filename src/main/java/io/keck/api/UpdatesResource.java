package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.store.Update;
import io.keck.room.Documents;
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

/** Updates that a back end has made with Yjs. Thread-safe. */
@Path("/documents/{document}/updates")
public final class UpdatesResource {
    private final BroughtContent content;

    UpdatesResource(DocumentCalls calls) {
        this.content = new BroughtContent(calls);
    }

    /** Merges an update into the document: 204 once all of it is committed. */
    @Needs(Right.WRITE)
    @POST
    public void merge(
            @BeanParam Call call,
            @QueryParam("epoch") @Nullable String epoch,
            @Context HttpHeaders headers,
            InputStream body,
            @Suspended AsyncResponse response)
            throws IOException {
        long life = epoch(epoch);
        Update update = content.read(headers, body);
        content.merge(call, update, life, call.key(), Missing.DOCUMENT, response);
    }

    /** The life that a client means; any where it says nothing. */
    static long epoch(@Nullable String epoch) {
        long life = Parameters.wholeNumber("epoch", epoch, Documents.ANY_LIFE);
        if (epoch != null && life == Documents.ANY_LIFE) {
            throw Refusal.bad("epoch is a whole number of 1 or more.");
        }
        return life;
    }
}
