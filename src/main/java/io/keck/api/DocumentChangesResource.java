package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.history.HistoryReader.Session;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The changes of a document, with their authors and times. Thread-safe. */
@Path("/documents/{document}")
public final class DocumentChangesResource {
    private final DocumentHistory history;

    DocumentChangesResource(DocumentHistory history) {
        this.history = history;
    }

    /** Lists sessions of changes, the newest first. */
    @Needs({Right.READ, Right.HISTORY})
    @GET
    @Path("activity")
    public void activity(
            @BeanParam Call call,
            @QueryParam("by") @Nullable String by,
            @QueryParam("before") @Nullable String before,
            @QueryParam("limit") @Nullable String limit,
            @Suspended AsyncResponse response) {
        int most = Parameters.pageSize(limit);
        long from = Parameters.wholeNumber("before", before, Long.MAX_VALUE);
        history.answer(call, response, asked -> {
            List<Session> sessions = history.reader().activity(asked.roomId(), from, most, by);
            Map<String, @Nullable Object> page = new LinkedHashMap<>();
            page.put(
                    "data", sessions.stream().map(DocumentChangesResource::json).toList());
            page.put(
                    "next",
                    sessions.size() < most
                            ? null
                            : String.valueOf(sessions.get(sessions.size() - 1).last()));
            return Reply.json(page);
        });
    }

    private static Map<String, @Nullable Object> json(Session session) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>(ChangesJson.author(session.author()));
        json.put("first", (double) session.first());
        json.put("last", (double) session.last());
        json.put("from", Instant.ofEpochMilli(session.from()).toString());
        json.put("to", Instant.ofEpochMilli(session.to()).toString());
        json.put("rows", (double) session.rows());
        json.put("bytes", (double) session.bytes());
        return json;
    }

    /** Answers with the changes between two moments and their authors; with {@code by}, only those of one principal. */
    @Needs({Right.READ, Right.HISTORY})
    @GET
    @Path("changes")
    public void changes(
            @BeanParam Call call,
            @QueryParam("from") @Nullable String from,
            @QueryParam("to") @Nullable String to,
            @QueryParam("by") @Nullable String by,
            @Suspended AsyncResponse response) {
        history.difference(call, from, to, new PastAnswers.Question(true, by), response);
    }
}
