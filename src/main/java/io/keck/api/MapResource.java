package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import io.keck.crdt.YMap;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.Encoded;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** Root maps by name; a path that ends with a slash has the empty key. Thread-safe. */
@Path("/block/{workspace}/map")
public final class MapResource {
    private final DocumentCalls calls;

    MapResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** The whole map. */
    @Needs(Right.READ)
    @GET
    @Path("{name}")
    public void get(@BeanParam Call call, @Suspended AsyncResponse response) {
        String map = call.root();
        calls.read(response, call, Missing.SENTENCE, doc -> whole(doc, map));
    }

    /** One value. */
    @Needs(Right.READ)
    @GET
    @Path("{name}/{key: [^/]*}")
    public void getKey(
            @BeanParam Call call, @Encoded @PathParam("key") String encodedKey, @Suspended AsyncResponse response) {
        String map = call.root();
        String key = Call.decode(encodedKey);
        calls.read(response, call, Missing.SENTENCE, doc -> {
            Root root = NamedTypes.MAP.find(doc, map);
            YMap entries = root == null ? null : root.asMap();
            if (entries == null || !entries.has(key)) {
                return Reply.text(
                        Status.NOT_FOUND,
                        "Key(" + Parameters.quoted(key) + ") not found in map(" + Parameters.quoted(map) + ")");
            }
            return Reply.json(entries.get(key));
        });
    }

    /** Sets all entries of an object and answers with the whole map. */
    @Needs({Right.READ, Right.WRITE})
    @POST
    @Path("{name}")
    public void put(
            @BeanParam Call call, @Context HttpHeaders headers, InputStream in, @Suspended AsyncResponse response)
            throws IOException {
        String map = call.root();
        if (!(calls.bodies().json(headers, in) instanceof Map<?, ?> body)) {
            calls.refused(response, call, NamedTypes.MAP, Reply.text(Status.BAD_REQUEST, "Expected a JSON object"));
            return;
        }
        calls.write(
                response,
                call,
                Missing.SENTENCE,
                doc -> {
                    NamedTypes.MAP.find(doc, map);
                    if (!body.isEmpty()) {
                        YMap entries = NamedTypes.MAP.open(doc, map).asMap();
                        doc.transact(transaction -> body.forEach((key, value) -> entries.set((String) key, value)));
                    }
                },
                doc -> whole(doc, map));
    }

    /** Removes one key: 204, even if it does not exist. */
    @Needs({Right.READ, Right.WRITE})
    @DELETE
    @Path("{name}/{key: [^/]*}")
    public void deleteKey(
            @BeanParam Call call, @Encoded @PathParam("key") String encodedKey, @Suspended AsyncResponse response) {
        String map = call.root();
        String key = Call.decode(encodedKey);
        calls.write(
                response,
                call,
                Missing.SENTENCE,
                doc -> {
                    Root root = NamedTypes.MAP.find(doc, map);
                    if (root != null) {
                        root.asMap().delete(key);
                    }
                },
                doc -> Reply.empty(Status.NO_CONTENT));
    }

    private static Reply whole(Doc doc, String name) {
        Root root = NamedTypes.MAP.find(doc, name);
        return Reply.json(root == null ? Map.of() : root.asMap());
    }
}
