package io.keck.api;

import io.keck.access.Grant;
import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.crdt.lib0.JsonValue;
import io.keck.failure.Unavailable;
import io.keck.history.DeletedDocuments;
import io.keck.history.DeletedDocuments.Purged;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** Removes deleted documents for good. One purge at a time on each node. Thread-safe. */
@Path("/documents/{document}/purge")
public final class PurgeResource {
    private final DeletedDocuments deleted;
    private final Semaphore places = new Semaphore(1);

    public PurgeResource(DeletedDocuments deleted) {
        this.deleted = deleted;
    }

    /** Purges all ended lives of the name; answers with the receipts, even if the call is repeated. */
    @Needs(Right.PURGE)
    @POST
    public Response purge(@BeanParam Call call) {
        Grant grant = call.grant();
        if (!places.tryAcquire()) {
            throw new Unavailable("another purge is under way", false);
        }
        Purged purged;
        try {
            purged = deleted.purge(grant.document(), grant.principal().id());
        } finally {
            places.release();
        }
        if (purged.lives()) {
            throw new Refusal(Status.CONFLICT, "There is a document with this name. Delete it before it is purged.");
        }
        if (purged.receipts().isEmpty()) {
            throw new Refusal(Status.NOT_FOUND, "No document with this name was deleted.");
        }
        List<@Nullable Object> receipts = new ArrayList<>();
        purged.receipts().forEach(receipt -> receipts.add(JsonValue.parse(receipt)));
        return Failures.response(Reply.json(Map.of("data", receipts))).build();
    }
}
