package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentHistory.Asked;
import io.keck.history.HistoryReader.Session;
import io.keck.history.PastStates.Past;
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

/** Who changed what in a document, and when. Thread-safe. */
@Path("/documents/{document}")
public final class DocumentChangesResource {
    static final int PAGE = 50;
    static final int MOST = 500;

    private final DocumentHistory history;

    DocumentChangesResource(DocumentHistory history) {
        this.history = history;
    }

    /** The size of a page; 400 beyond its bounds. */
    static int limit(@Nullable String limit) {
        long wanted = Parameters.wholeNumber("limit", limit, PAGE);
        if (wanted < 1 || wanted > MOST) {
            throw Refusal.bad("limit is a whole number from 1 to " + MOST + ".");
        }
        return (int) wanted;
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
        int most = limit(limit);
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

    /** What changed between two moments, with names; only what one principal changed, if wanted. */
    @Needs({Right.READ, Right.HISTORY})
    @GET
    @Path("changes")
    public void changes(
            @BeanParam Call call,
            @QueryParam("from") @Nullable String from,
            @QueryParam("to") @Nullable String to,
            @QueryParam("by") @Nullable String by,
            @Suspended AsyncResponse response) {
        difference(history, call, from, to, new PastAnswers.Question(true, by), response);
    }

    static void difference(
            DocumentHistory history,
            Call call,
            @Nullable String from,
            @Nullable String to,
            PastAnswers.Question question,
            AsyncResponse response) {
        Moments.check("from", from);
        Moments.check("to", to);
        history.answer(call, response, asked -> {
            long first = from == null ? 0 : asked.seq(from);
            long last = asked.seq(to);
            if (question.named() && first > last) {
                throw Refusal.bad("from is later than to.");
            }
            return difference(asked, first, last, question);
        });
    }

    private static Reply difference(Asked asked, long from, long to, PastAnswers.Question question) {
        Past before = asked.at(from);
        Past after = asked.at(to);
        return PastAnswers.difference(before, after, question, asked.means());
    }
}
