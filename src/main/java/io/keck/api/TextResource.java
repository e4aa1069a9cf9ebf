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
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Root texts by name. A block may have the id "text", so {@code text/children} means the children of that block.
 * Thread-safe.
 */
@Path("/block/{workspace}/text/{name: (?!children(?:/|$))[^/]+}")
public final class TextResource {
    private final DocumentCalls calls;

    TextResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** Answers with the plain text as a JSON string, or with its formats as a delta. */
    @Needs(Right.READ)
    @GET
    public void get(
            @BeanParam Call call, @QueryParam("format") @Nullable String format, @Suspended AsyncResponse response) {
        String text = call.root();
        if (format != null && !format.equals("delta")) {
            throw Refusal.bad("format is \"delta\" or left out.");
        }
        calls.read(response, call, Missing.SENTENCE, doc -> format == null ? whole(doc, text) : delta(doc, text));
    }

    /** Edits the text and answers with the whole text. */
    @Needs({Right.READ, Right.WRITE})
    @POST
    public void edit(
            @BeanParam Call call, @Context HttpHeaders headers, InputStream in, @Suspended AsyncResponse response)
            throws IOException {
        String text = call.root();
        Object body = calls.bodies().json(headers, in);
        TextAction action;
        try {
            action = TextAction.of(body);
        } catch (Refusal shape) {
            calls.refused(response, call, NamedTypes.TEXT, shape.reply());
            return;
        }
        calls.write(response, call, Missing.SENTENCE, doc -> action.edit(doc, text), doc -> whole(doc, text));
    }

    private static Reply whole(Doc doc, String name) {
        Root root = NamedTypes.TEXT.find(doc, name);
        return Reply.json(root == null ? "" : new JsonText.Pieces(root.asText().pieces()));
    }

    private static Reply delta(Doc doc, String name) {
        Root root = NamedTypes.TEXT.find(doc, name);
        return Reply.json(
                root == null ? List.of() : new RootJson.Steps(root.asText().runs()));
    }
}
