package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.history.DeletedDocuments;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;

/** Undeletes documents. Thread-safe. */
@Path("/documents/{document}/undelete")
public final class UndeleteResource {
    private final DeletedDocuments deleted;

    public UndeleteResource(DeletedDocuments deleted) {
        this.deleted = deleted;
    }

    /** Undeletes the last life of the name; answers 204 after the commit. */
    @Needs(value = Right.DELETE, audited = "undeleted")
    @POST
    public Response undelete(@BeanParam Call call) {
        String document = call.grant().document();
        return switch (deleted.undelete(document)) {
            case BACK -> Response.noContent().build();
            case LIVES ->
                throw new Refusal(Status.CONFLICT, "There is a document with this name. Delete it first, or leave it.");
            case NOT_THERE ->
                throw new Refusal(
                        Status.NOT_FOUND, "No document with this name was deleted that could be brought back.");
        };
    }
}
