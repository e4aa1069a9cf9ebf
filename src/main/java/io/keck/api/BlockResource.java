package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.api.Parameters.Page;
import io.keck.block.Block;
import io.keck.block.Placement;
import io.keck.block.Workspace;
import io.keck.crdt.Doc;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.Encoded;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Blocks and their children. Thread-safe. */
@Path("/block/{workspace}/{block}")
public final class BlockResource {
    /** Path segments after a workspace that are never the id of a block, with the method that belongs to each. */
    private static final Map<String, String> RESERVED = Map.ofEntries(
            Map.entry("init", "POST"),
            Map.entry("export", "GET"),
            Map.entry("client", "GET"),
            Map.entry("clients", "GET"),
            Map.entry("history", "GET"),
            Map.entry("blocks", "GET"),
            Map.entry("flavour", ""),
            Map.entry("map", ""),
            Map.entry("array", ""),
            Map.entry("doc", ""),
            Map.entry("subscribe", ""));

    private static final int UNPROCESSABLE = 422;

    private final DocumentCalls calls;
    private final LongSupplier clock;

    /** Creates a resource with a clock in milliseconds since 1970. */
    BlockResource(DocumentCalls calls, LongSupplier clock) {
        this.calls = calls;
        this.clock = clock;
    }

    /** One block. */
    @Needs(Right.READ)
    @GET
    public void get(
            @BeanParam Call call, @Encoded @PathParam("block") String block, @Suspended AsyncResponse response) {
        String id = lastId(block, "GET");
        calls.read(response, call, Missing.EMPTY, doc -> json(doc, id));
    }

    /** Sets properties of a block, which is created if there is none. */
    @Needs({Right.READ, Right.WRITE})
    @POST
    public void put(
            @BeanParam Call call,
            @Encoded @PathParam("block") String block,
            @QueryParam("flavour") @DefaultValue("text") String flavour,
            @Context HttpHeaders headers,
            InputStream in,
            @Suspended AsyncResponse response)
            throws IOException {
        String id = lastId(block, "POST");
        if (!(calls.bodies().json(headers, in) instanceof Map<?, ?> body)) {
            calls.read(response, call, Missing.EMPTY, doc -> Reply.text(UNPROCESSABLE, "Expected a JSON object"));
            return;
        }
        Map<String, @Nullable Object> properties = new LinkedHashMap<>();
        body.forEach((key, value) -> properties.put((String) key, value));
        properties.remove("sys:flavour");
        calls.write(
                response,
                call,
                Missing.EMPTY,
                doc -> new Workspace(doc).put(id, flavour, properties, clock.getAsLong()),
                doc -> json(doc, id));
    }

    /** Removes a block: 204, even if there is none. */
    @Needs({Right.READ, Right.WRITE})
    @DELETE
    public void delete(
            @BeanParam Call call, @Encoded @PathParam("block") String block, @Suspended AsyncResponse response) {
        String id = lastId(block, "DELETE");
        calls.write(
                response,
                call,
                Missing.EMPTY,
                doc -> new Workspace(doc).delete(id),
                doc -> Reply.empty(Status.NO_CONTENT));
    }

    /** A page of the ids of a block's children; 404 with the same JSON if it is empty. */
    @Needs(Right.READ)
    @GET
    @Path("children")
    public void children(
            @BeanParam Call call,
            @Encoded @PathParam("block") String block,
            @QueryParam("offset") @Nullable String offset,
            @QueryParam("limit") @Nullable String limit,
            @Suspended AsyncResponse response) {
        String id = id(block);
        Page page = Page.of(offset, limit);
        calls.read(response, call, Missing.EMPTY, doc -> {
            List<String> children = existing(doc, id).children();
            return Page.reply(children.size(), page.of(children));
        });
    }

    /** Inserts a block into the children of this one. */
    @Needs({Right.READ, Right.WRITE})
    @POST
    @Path("children")
    public void insert(
            @BeanParam Call call,
            @Encoded @PathParam("block") String block,
            @Context HttpHeaders headers,
            InputStream in,
            @Suspended AsyncResponse response)
            throws IOException {
        String id = id(block);
        Placement placement = placement(calls.bodies().json(headers, in));
        if (placement == null) {
            calls.read(response, call, Missing.EMPTY, doc -> {
                existing(doc, id);
                return Reply.text(
                        UNPROCESSABLE,
                        "Expected one of {\"Push\":\"id\"}, {\"InsertBefore\":{\"id\",\"before\"}},"
                                + " {\"InsertAfter\":{\"id\",\"after\"}}, {\"InsertAt\":{\"id\",\"pos\"}}");
            });
            return;
        }
        calls.write(
                response,
                call,
                Missing.EMPTY,
                doc -> {
                    existing(doc, id);
                    new Workspace(doc).insertChild(id, placement, clock.getAsLong());
                },
                doc -> json(doc, id));
    }

    private static @Nullable Placement placement(@Nullable Object body) {
        if (!(body instanceof Map<?, ?> map) || map.size() != 1) {
            return null;
        }
        Map.Entry<?, ?> only = map.entrySet().iterator().next();
        if (only.getKey().equals("Push")) {
            return only.getValue() instanceof String id ? new Placement.Push(id) : null;
        }
        if (!(only.getValue() instanceof Map<?, ?> at) || !(at.get("id") instanceof String id)) {
            return null;
        }
        if (only.getKey().equals("InsertBefore")) {
            return at.get("before") instanceof String before ? new Placement.InsertBefore(id, before) : null;
        }
        if (only.getKey().equals("InsertAfter")) {
            return at.get("after") instanceof String after ? new Placement.InsertAfter(id, after) : null;
        }
        Long pos = Parameters.wholeNumber(at.get("pos"));
        return only.getKey().equals("InsertAt") && pos != null ? new Placement.InsertAt(id, pos) : null;
    }

    /** Removes a block from the children of this one; 404 if it is not among them. */
    @Needs({Right.READ, Right.WRITE})
    @DELETE
    @Path("children/{child: [^/]*}")
    public void remove(
            @BeanParam Call call,
            @Encoded @PathParam("block") String block,
            @Encoded @PathParam("child") String child,
            @Suspended AsyncResponse response) {
        String id = id(block);
        String childId = Call.decode(child);
        calls.write(
                response,
                call,
                Missing.EMPTY,
                doc -> {
                    if (!existing(doc, id).children().contains(childId)) {
                        throw notFound();
                    }
                    new Workspace(doc).removeChild(id, childId, clock.getAsLong());
                },
                doc -> json(doc, id));
    }

    private static String id(String encoded) {
        String id = Call.decode(encoded);
        if (RESERVED.containsKey(id)) {
            throw notFound();
        }
        return id;
    }

    /** The id at the end of a path: Jersey also matches this path if only the method does not fit the reserved word. */
    private static String lastId(String encoded, String method) {
        String allowed = RESERVED.getOrDefault(encoded, "");
        if (!allowed.isEmpty() && !allowed.equals(method)) {
            throw new NotAllowedException(allowed);
        }
        return id(encoded);
    }

    private static Refusal notFound() {
        return new Refusal(Reply.empty(Status.NOT_FOUND));
    }

    private static Block existing(Doc doc, String id) {
        Block block = new Workspace(doc).blocks().block(id);
        if (block == null) {
            throw notFound();
        }
        return block;
    }

    private static Reply json(Doc doc, String id) {
        return Reply.json(existing(doc, id).entries());
    }
}
