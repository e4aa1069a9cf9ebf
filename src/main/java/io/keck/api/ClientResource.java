package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.room.Documents.Answer;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;

/** The client id of this node in a workspace. Thread-safe. */
@Path("/block/{workspace}/client")
public final class ClientResource {
    private final DocumentCalls calls;

    ClientResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** The client id under which this node would write now. */
    @Needs(Right.READ)
    @GET
    public void get(@BeanParam Call call, @Suspended AsyncResponse response) {
        String workspace = call.workspace();
        calls.finish(
                response,
                workspace,
                Missing.SENTENCE,
                calls.documents()
                        .client(call.grant())
                        .thenApply(answer -> new Answer<>(
                                Reply.json(answer.value()), answer.roomId(), answer.seq(), answer.stale())));
    }
}
