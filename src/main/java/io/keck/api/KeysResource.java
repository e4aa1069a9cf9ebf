package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import java.util.List;

/** The names of the root types of a workspace. Thread-safe. */
@Path("/block/{workspace}/doc/keys")
public final class KeysResource {
    private final DocumentCalls calls;

    KeysResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** All names, sorted, because the order of roots differs between nodes. */
    @Needs(Right.READ)
    @GET
    public void get(@BeanParam Call call, @Suspended AsyncResponse response) {
        calls.read(response, call, Missing.SENTENCE, doc -> Reply.json(names(doc)));
    }

    /** The names of roots that have or had content. */
    static List<String> names(Doc doc) {
        return doc.rootNames().stream()
                .filter(name -> {
                    Root root = doc.findRoot(name);
                    return root != null && root.kind() != Root.Kind.NONE;
                })
                .sorted()
                .toList();
    }
}
