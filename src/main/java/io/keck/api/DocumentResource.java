package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.room.Documents.Answer;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One document: whether it is there, all of it, its creation and its end. Thread-safe. */
@Path("/documents/{document}")
public final class DocumentResource {
    private final DocumentCalls calls;
    private final WholeDocuments whole;
    private final DocumentHistory history;

    /** @param history answers with documents of the past, and with texts */
    DocumentResource(DocumentCalls calls, DocumentHistory history) {
        this.calls = calls;
        this.history = history;
        this.whole = new WholeDocuments(calls);
    }

    /**
     * Answers with an update in V1 or V2, with JSON, or with the text of an editor; as it is, or, for those who may read
     * the history, as it was at a moment.
     */
    @Needs(Right.READ)
    @GET
    public void get(
            @BeanParam Call call,
            @QueryParam("format") @Nullable String format,
            @QueryParam("at") @Nullable String at,
            @QueryParam("root") @Nullable String root,
            @Context HttpHeaders headers,
            @Context HttpServletRequest request,
            @Suspended AsyncResponse response) {
        if (at != null) {
            NeedsFilter.demand(request, call.workspace(), Right.HISTORY);
        }
        if (at != null || root != null || PastAnswers.isText(format)) {
            history.past(call, at, format, root, response);
            return;
        }
        whole.answer(call, format, headers, response, Missing.DOCUMENT);
    }

    /** Answers whether there is a document, and where it is, without reading it. */
    @Needs(Right.READ)
    @HEAD
    public void head(@BeanParam Call call, @Suspended AsyncResponse response) {
        calls.finish(
                response,
                call.workspace(),
                Missing.EMPTY,
                calls.documents()
                        .find(call.grant())
                        .thenApply(there ->
                                new Answer<>(Reply.empty(Status.OK), there.roomId(), there.seq(), there.stale())));
    }

    /** Creates the document if there is none. The body is ignored. */
    @Needs({Right.READ, Right.CREATE})
    @PUT
    public void create(@BeanParam Call call, @Suspended AsyncResponse response) {
        String name = call.workspace();
        calls.finish(
                response,
                name,
                Missing.DOCUMENT,
                calls.create(call, doc -> Reply.empty(Status.OK)).thenApply(there -> described(name, there)));
    }

    private static Answer<Reply> described(String name, Answer<Reply> there) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("epoch", String.valueOf(there.roomId()));
        json.put("seq", (double) there.seq());
        return new Answer<>(Reply.json(json), there.roomId(), there.seq(), there.stale());
    }

    /** Deletes the document on all nodes; answers 204 after the commit, even if there is none. */
    @Needs(Right.DELETE)
    @DELETE
    public void delete(@BeanParam Call call, @Suspended AsyncResponse response) {
        calls.resume(
                response,
                DocumentCalls.settled(calls.documents().delete(call.grant(), call.key()))
                        .thenApply(deleted -> Response.noContent().build()));
    }
}
