package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.blob.BlobStore;
import io.keck.metrics.BlobMetrics;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** The blobs of a workspace for browsers, which may cache them forever. Thread-safe. */
@Path("/workspace/{workspace}/blob")
public final class WorkspaceBlobResource {
    private static final String CACHING = "public, immutable, max-age=31536000";

    private final BlobUploads uploads;
    private final BlobDownloads downloads;

    /** Creates a resource over a store. */
    public WorkspaceBlobResource(BlobStore store, BlobLimits limits, BlobMetrics metrics) {
        this(store, limits, metrics, System::nanoTime);
    }

    /** @param nanos a steady clock */
    WorkspaceBlobResource(BlobStore store, BlobLimits limits, BlobMetrics metrics, LongSupplier nanos) {
        this.uploads = new BlobUploads(store, limits, metrics, nanos);
        this.downloads = new BlobDownloads(store, limits, metrics, nanos);
    }

    /** Stores the body, which needs a Content-Length; answers 200 with its id after the commit. */
    @Needs(Right.BLOB_WRITE)
    @PUT
    public Response put(@Context HttpServletRequest request, InputStream body) {
        return uploads.take(NeedsFilter.grant(request), request, body, true, published -> {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("exists", published.exists());
            answer.put("id", published.id().text());
            return answer;
        });
    }

    /** Answers with all headers of a GET, without the bytes. */
    @Needs(value = Right.BLOB_READ, tickets = Purpose.BLOB)
    @HEAD
    @Path("/{name}")
    public Response head(@PathParam("name") String name, @Context HttpServletRequest request) {
        return downloads.get(NeedsFilter.grant(request), name, request, CACHING);
    }

    /** Answers with the blob, or a range of it. */
    @Needs(value = Right.BLOB_READ, tickets = Purpose.BLOB)
    @GET
    @Path("/{name}")
    public Response get(@PathParam("name") String name, @Context HttpServletRequest request) {
        return downloads.get(NeedsFilter.grant(request), name, request, CACHING);
    }
}
