package io.keck.api;

import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.room.Documents.Names;
import io.keck.room.UpdateLog;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The documents that a caller may read. Thread-safe. */
@Path("/documents")
public final class DocumentsResource {
    private static final int PAGE = 100;
    private static final int MOST = 1_000;

    private final DocumentCalls calls;

    DocumentsResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** A page of documents by name, in the order of code points. */
    @Needs(value = Right.READ, ofEach = true)
    @GET
    public void list(
            @QueryParam("prefix") @DefaultValue("") String prefix,
            @QueryParam("after") @DefaultValue("") String after,
            @QueryParam("limit") @Nullable String limit,
            @Context HttpServletRequest request,
            @Suspended AsyncResponse response) {
        Grant grant = NeedsFilter.onServer(request);
        long most = Parameters.wholeNumber("limit", limit, PAGE);
        if (most == 0 || most > MOST) {
            throw Refusal.bad("limit is a whole number from 1 to " + MOST + ".");
        }
        checkText("prefix", prefix);
        checkText("after", after);
        calls.resume(
                response,
                calls.documents()
                        .list(grant, prefix, after, (int) most)
                        .thenApply(page -> Failures.response(json(page)).build()));
    }

    /** Refuses what no name contains: a control character, or half of a surrogate pair. */
    private static void checkText(String parameter, String text) {
        boolean isGood = text.codePoints()
                .noneMatch(c ->
                        Character.isISOControl(c) || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE));
        if (!isGood) {
            throw Refusal.bad(parameter + " contains a character that no name of a document has.");
        }
    }

    private static Reply json(Names page) {
        Map<String, @Nullable Object> body = new LinkedHashMap<>();
        body.put("data", page.documents().stream().map(DocumentsResource::json).toList());
        body.put("next", page.next());
        return Reply.json(body);
    }

    private static Map<String, @Nullable Object> json(UpdateLog.Named document) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", document.name());
        json.put("epoch", String.valueOf(document.roomId()));
        json.put("seq", (double) document.seq());
        json.put("createdAt", Instant.ofEpochMilli(document.createdAt()).toString());
        return json;
    }
}
