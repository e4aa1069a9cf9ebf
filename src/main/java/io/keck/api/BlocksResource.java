package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.api.Parameters.Page;
import io.keck.block.Block;
import io.keck.block.Workspace;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All blocks of a workspace, in pages. Thread-safe. */
@Path("/block/{workspace}/blocks")
public final class BlocksResource {
    private final DocumentCalls calls;

    BlocksResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** A page of blocks in order of their ids; 404 with the same JSON if it is empty. */
    @Needs(Right.READ)
    @GET
    public void get(
            @BeanParam Call call,
            @QueryParam("offset") @Nullable String offset,
            @QueryParam("limit") @Nullable String limit,
            @Suspended AsyncResponse response) {
        Page page = Page.of(offset, limit);
        calls.read(response, call, Missing.SENTENCE, doc -> {
            List<Block> blocks = new Workspace(doc).blocks().blocks();
            return Page.reply(
                    blocks.size(), page.of(blocks).stream().map(Block::entries).toList());
        });
    }
}
