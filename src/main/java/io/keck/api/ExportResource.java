package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import org.jspecify.annotations.Nullable;

/** The whole document of a workspace, never a stale one. Thread-safe. */
@Path("/block/{workspace}/export")
public final class ExportResource {
    private final WholeDocuments exports;

    ExportResource(DocumentCalls calls) {
        this.exports = new WholeDocuments(calls);
    }

    /** Answers with an update in V1 or V2, or with JSON. */
    @Needs(Right.READ)
    @GET
    public void export(
            @BeanParam Call call,
            @QueryParam("format") @Nullable String format,
            @Context HttpHeaders headers,
            @Suspended AsyncResponse response) {
        exports.answer(call, format, headers, response, Missing.EMPTY);
    }
}
