package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import org.jspecify.annotations.Nullable;

/** What is different between two moments of a document. {@link DiffResource} answers POST under the same path. Thread-safe. */
@Path("/documents/{document}/diff")
public final class DocumentDiffResource {
    private final DocumentHistory history;

    DocumentDiffResource(DocumentHistory history) {
        this.history = history;
    }

    /** Answers with the differences between two moments in any order; the default of the first is the empty document. */
    @Needs({Right.READ, Right.HISTORY})
    @GET
    public void diff(
            @BeanParam Call call,
            @QueryParam("from") @Nullable String from,
            @QueryParam("to") @Nullable String to,
            @Suspended AsyncResponse response) {
        history.difference(call, from, to, new PastAnswers.Question(false, null), response);
    }
}
