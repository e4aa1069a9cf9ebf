package io.keck.api;

import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.blob.BlobStore;
import io.keck.metrics.BlobMetrics;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** The blobs of a workspace for back ends and OctoBase's clients. Thread-safe. */
@Path("/blobs/{workspace}")
public final class BlobsResource {
    /** Blobs can be deleted at this address, so a cached copy must be revalidated each time. */
    private static final String CACHING = "no-cache";

    private final BlobStore store;
    private final BlobUploads uploads;
    private final BlobDownloads downloads;

    /** Creates a resource over a store. */
    public BlobsResource(BlobStore store, BlobLimits limits, BlobMetrics metrics) {
        this(store, limits, metrics, System::nanoTime);
    }

    /** @param nanos a steady clock */
    BlobsResource(BlobStore store, BlobLimits limits, BlobMetrics metrics, LongSupplier nanos) {
        this.store = store;
        this.uploads = new BlobUploads(store, limits, metrics, nanos);
        this.downloads = new BlobDownloads(store, limits, metrics, nanos);
    }

    /** Stores the body; answers 200 with its id after the commit. */
    @Needs(Right.BLOB_WRITE)
    @POST
    public Response post(@Context HttpServletRequest request, InputStream body) {
        return uploads.take(NeedsFilter.grant(request), request, body, false, published -> {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("id", published.id().text());
            answer.put("exists", published.exists());
            return answer;
        });
    }

    /** Answers with all headers of a GET, without the bytes. */
    @Needs(value = Right.BLOB_READ, tickets = Purpose.BLOB)
    @HEAD
    @Path("/{id}")
    public Response head(@PathParam("id") String id, @Context HttpServletRequest request) {
        return downloads.get(NeedsFilter.grant(request), id, request, CACHING);
    }

    /** Answers with the blob, or a range of it. */
    @Needs(value = Right.BLOB_READ, tickets = Purpose.BLOB)
    @GET
    @Path("/{id}")
    public Response get(@PathParam("id") String id, @Context HttpServletRequest request) {
        return downloads.get(NeedsFilter.grant(request), id, request, CACHING);
    }

    /** Deletes a blob: 204, or 404 if there is none. */
    @Needs(Right.BLOB_DELETE)
    @DELETE
    @Path("/{id}")
    public Response delete(@PathParam("id") String id, @Context HttpServletRequest request) {
        Grant grant = NeedsFilter.grant(request);
        return BlobDownloads.checked(
                grant.document(),
                id,
                blob -> store.delete(grant, blob, KeyFilter.key(request))
                        ? Response.noContent().build()
                        : BlobDownloads.notFound());
    }
}
