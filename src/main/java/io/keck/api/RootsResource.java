package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The root types of a document, read and edited by name. Thread-safe. */
@Path("/documents/{document}/roots")
public final class RootsResource {
    private final DocumentCalls calls;

    RootsResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** The names and types of all roots that have or had content, sorted by name. */
    @Needs(Right.READ)
    @GET
    public void list(@BeanParam Call call, @Suspended AsyncResponse response) {
        calls.read(response, call, Missing.DOCUMENT, doc -> {
            List<Map<String, @Nullable Object>> roots = new ArrayList<>();
            for (String name : KeysResource.names(doc)) {
                Root root = doc.findRoot(name);
                if (root != null) {
                    Map<String, @Nullable Object> json = new LinkedHashMap<>();
                    json.put("name", name);
                    json.put("type", RootJson.type(root));
                    roots.add(json);
                }
            }
            return Reply.json(Map.of("data", roots));
        });
    }

    /** One root with its content. */
    @Needs(Right.READ)
    @GET
    @Path("{name}")
    public void get(
            @BeanParam Call call, @QueryParam("type") @Nullable String type, @Suspended AsyncResponse response) {
        String root = call.root();
        NamedTypes as = type == null ? null : RootJson.type(type);
        calls.read(response, call, Missing.DOCUMENT, doc -> read(doc, root, as));
    }

    private static Reply read(Doc doc, String name, @Nullable NamedTypes as) {
        Root root = as == null ? doc.findRoot(name) : as.find(doc, name);
        NamedTypes type = as != null ? as : root == null ? null : RootJson.kind(root);
        if (type == null) {
            throw new Refusal(Reply.notFound("Root", name));
        }
        return Reply.json(RootJson.of(name, type, root));
    }

    /** Edits a root, or a type in it, in one transaction. */
    @Needs({Right.READ, Right.WRITE})
    @POST
    @Path("{name}")
    public void edit(
            @BeanParam Call call, @Context HttpHeaders headers, InputStream in, @Suspended AsyncResponse response)
            throws IOException {
        String root = call.root();
        RootEdit edit = RootEdit.of(calls.bodies().json(headers, in));
        calls.write(
                response, call, Missing.DOCUMENT, doc -> edit.apply(doc, root), doc -> Reply.empty(Status.NO_CONTENT));
    }
}
