package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.Root;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;

/** Root XML fragments by name. Thread-safe. */
@Path("/block/{workspace}/xml/{name: (?!children(?:/|$))[^/]+}")
public final class XmlResource {
    private final DocumentCalls calls;

    XmlResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** Answers with the string form of the fragment, as a JSON string. */
    @Needs(Right.READ)
    @GET
    public void get(@BeanParam Call call, @Suspended AsyncResponse response) {
        String xml = call.root();
        calls.read(response, call, Missing.SENTENCE, doc -> {
            Root root = NamedTypes.XML.find(doc, xml);
            return Reply.json(root == null ? "" : root.asXml());
        });
    }
}
