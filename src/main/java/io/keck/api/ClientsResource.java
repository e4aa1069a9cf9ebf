package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.History;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;

/** The clients that wrote in a workspace. Thread-safe. */
@Path("/block/{workspace}/clients")
public final class ClientsResource {
    private final DocumentCalls calls;

    ClientsResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** The ids of all clients that ever wrote in it, ascending. */
    @Needs({Right.READ, Right.HISTORY})
    @GET
    public void get(@BeanParam Call call, @Suspended AsyncResponse response) {
        calls.read(response, call, Missing.SENTENCE, doc -> Reply.json(History.clients(doc)));
    }
}
