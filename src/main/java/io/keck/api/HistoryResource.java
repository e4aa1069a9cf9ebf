package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.feed.Histories;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** What was done to a workspace. Thread-safe. */
@Path("/block/{workspace}/history")
public final class HistoryResource {
    private final DocumentCalls calls;

    HistoryResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** What is known of it by client and clock, of one client or (0, or none) of all. */
    @Needs({Right.READ, Right.HISTORY})
    @GET
    public void get(
            @BeanParam Call call,
            @QueryParam("client") @Nullable String client,
            @QueryParam("skip") @Nullable String skip,
            @QueryParam("limit") @Nullable String limit,
            @Suspended AsyncResponse response) {
        long of = Parameters.wholeNumber("client", client, 0);
        long leaveOut = Parameters.wholeNumber("skip", skip, 0);
        long atMost = Parameters.wholeNumber("limit", limit, Long.MAX_VALUE);
        String workspace = call.workspace();
        calls.read(response, call, Missing.SENTENCE, doc -> {
            var changes = Histories.of(doc, workspace, of == 0 ? null : of, leaveOut, atMost);
            Iterable<Object> json = () -> new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return changes.hasNext();
                }

                @Override
                public Object next() {
                    StringBuilder out = new StringBuilder();
                    changes.next().writeTo(out);
                    return new JsonText.Raw(out.toString());
                }
            };
            return Reply.json(json);
        });
    }
}
