package io.keck.api;

import io.keck.protocol.RoomName;
import io.keck.room.Rooms;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Workspaces, which are rooms, as back ends see them. Thread-safe. */
@Path("/block/{workspace}")
public final class WorkspaceResource {
    private static final Logger LOG = LoggerFactory.getLogger(WorkspaceResource.class);

    private final Rooms rooms;

    /** Over the rooms of this node and, through their log, of all others. */
    public WorkspaceResource(Rooms rooms) {
        this.rooms = rooms;
    }

    /** Deletes a workspace on all nodes: 204, also when there is none, once it is committed; else 503. */
    @DELETE
    public void delete(@PathParam("workspace") String workspace, @Suspended AsyncResponse response) {
        Optional<String> problem = RoomName.problem(workspace);
        if (problem.isPresent()) {
            response.resume(text(Response.Status.BAD_REQUEST, problem.get()));
            return;
        }
        rooms.delete(workspace).whenComplete((deleted, error) -> {
            if (error == null) {
                response.resume(Response.noContent().build());
            } else {
                LOG.warn("Workspace {} could not be deleted: {}", workspace, error.toString());
                response.resume(Response.fromResponse(text(
                                Response.Status.SERVICE_UNAVAILABLE,
                                "The database does not answer; perhaps it was deleted, perhaps not."))
                        .header("Retry-After", "1")
                        .header("Keck-Outcome", "unknown")
                        .build());
            }
        });
    }

    private static Response text(Response.Status status, String sentence) {
        return Response.status(status)
                .type(MediaType.TEXT_PLAIN_TYPE.withCharset("utf-8"))
                .entity(sentence + "\n")
                .build();
    }
}
