package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import io.keck.crdt.YArray;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
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
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Root arrays by name; a path that ends with a slash has an empty index. Thread-safe. */
@Path("/block/{workspace}/array")
public final class ArrayResource {
    private final DocumentCalls calls;

    ArrayResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** The whole array. */
    @Needs(Right.READ)
    @GET
    @Path("{name}")
    public void get(@BeanParam Call call, @Suspended AsyncResponse response) {
        String array = call.root();
        calls.read(response, call, Missing.SENTENCE, doc -> whole(doc, array));
    }

    /** One element. */
    @Needs(Right.READ)
    @GET
    @Path("{name}/{index: [^/]*}")
    public void getElement(@BeanParam Call call, @PathParam("index") String index, @Suspended AsyncResponse response) {
        String array = call.root();
        long at = Parameters.wholeNumber("The index", index, 0);
        calls.read(
                response,
                call,
                Missing.SENTENCE,
                doc -> Reply.json(containing(doc, array, at).get((int) at)));
    }

    /** Inserts an element and answers with the whole array. */
    @Needs({Right.READ, Right.WRITE})
    @POST
    @Path("{name}")
    public void insert(
            @BeanParam Call call, @Context HttpHeaders headers, InputStream in, @Suspended AsyncResponse response)
            throws IOException {
        String array = call.root();
        Object body = calls.bodies().json(headers, in);
        Consumer<Doc> edit;
        try {
            edit = edit(array, body);
        } catch (Refusal shape) {
            calls.refused(response, call, NamedTypes.ARRAY, shape.reply());
            return;
        }
        calls.write(response, call, Missing.SENTENCE, edit, doc -> whole(doc, array));
    }

    private static Consumer<Doc> edit(String name, @Nullable Object body) {
        ActionBody action = new ActionBody(body, "\"push\" or \"insert\"");
        boolean push = action.action().equals("push");
        if (!push && !action.action().equals("insert")) {
            throw action.unknownAction();
        }
        List<@Nullable Object> value = Collections.singletonList(action.value());
        long index = push ? 0 : action.number("index");
        return doc -> {
            Root root = NamedTypes.ARRAY.find(doc, name);
            int length = root == null ? 0 : root.asArray().length();
            if (index > length) {
                throw NamedTypes.ARRAY.outOfBounds(Status.BAD_REQUEST, index, name);
            }
            NamedTypes.ARRAY.open(doc, name).asArray().insert(push ? length : (int) index, value);
        };
    }

    /** Removes an element. */
    @Needs({Right.READ, Right.WRITE})
    @DELETE
    @Path("{name}/{index: [^/]*}")
    public void deleteElement(
            @BeanParam Call call, @PathParam("index") String index, @Suspended AsyncResponse response) {
        String array = call.root();
        long at = Parameters.wholeNumber("The index", index, 0);
        calls.write(
                response,
                call,
                Missing.SENTENCE,
                doc -> containing(doc, array, at).delete((int) at),
                doc -> Reply.empty(Status.NO_CONTENT));
    }

    /** The array if it has an element at this index; otherwise 404. */
    private static YArray containing(Doc doc, String name, long index) {
        Root root = NamedTypes.ARRAY.find(doc, name);
        if (root == null || index >= root.asArray().length()) {
            throw NamedTypes.ARRAY.outOfBounds(Status.NOT_FOUND, index, name);
        }
        return root.asArray();
    }

    private static Reply whole(Doc doc, String name) {
        Root root = NamedTypes.ARRAY.find(doc, name);
        return Reply.json(root == null ? List.of() : root.asArray());
    }
}
