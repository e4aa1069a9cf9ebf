package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.block.Workspace;
import io.keck.crdt.Doc;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Response;

/** Workspaces: rooms as back ends see them. Thread-safe. */
@Path("/block/{workspace}")
public final class WorkspaceResource {
    private final DocumentCalls calls;

    WorkspaceResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** Answers with the workspace and all its blocks. */
    @Needs(Right.READ)
    @GET
    public void get(@BeanParam Call call, @Suspended AsyncResponse response) {
        calls.read(response, call, Missing.SENTENCE, WorkspaceResource::json);
    }

    /** Creates the workspace if there is none, and answers with it. The body is ignored. */
    @Needs({Right.READ, Right.CREATE})
    @POST
    public void create(@BeanParam Call call, @Suspended AsyncResponse response) {
        String workspace = call.workspace();
        calls.finish(response, workspace, Missing.SENTENCE, calls.create(call, WorkspaceResource::json));
    }

    /** Deletes the workspace on all nodes; answers 204 after the commit, even if there is none. */
    @Needs(Right.DELETE)
    @DELETE
    public void delete(@BeanParam Call call, @Suspended AsyncResponse response) {
        calls.resume(
                response,
                DocumentCalls.settled(calls.documents().delete(call.grant(), call.key()))
                        .thenApply(deleted -> Response.noContent().build()));
    }

    private static Reply json(Doc doc) {
        return Reply.json(new Workspace(doc).entries());
    }
}
