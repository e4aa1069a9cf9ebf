package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.block.Block;
import io.keck.block.Workspace;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.Encoded;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;

/** The blocks of one flavour. Thread-safe. */
@Path("/block/{workspace}/flavour/{flavour}")
public final class FlavourResource {
    private final DocumentCalls calls;

    FlavourResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** Answers with the blocks in order of their ids. */
    @Needs(Right.READ)
    @GET
    public void get(
            @BeanParam Call call, @Encoded @PathParam("flavour") String flavour, @Suspended AsyncResponse response) {
        String wanted = Call.decode(flavour);
        calls.read(
                response,
                call,
                Missing.SENTENCE,
                doc -> Reply.json(new Workspace(doc)
                        .blocks().blocks(wanted).stream().map(Block::entries).toList()));
    }
}
