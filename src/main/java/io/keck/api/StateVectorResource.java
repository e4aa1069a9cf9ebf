package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;

/** The state vector of a document, as Yjs encodes it. Thread-safe. */
@Path("/documents/{document}/state-vector")
public final class StateVectorResource {
    private final WholeDocuments whole;

    StateVectorResource(DocumentCalls calls) {
        this.whole = new WholeDocuments(calls);
    }

    /** Answers with the bytes of {@code Y.encodeStateVector}. */
    @Needs(Right.READ)
    @GET
    public void get(@BeanParam Call call, @Suspended AsyncResponse response) {
        whole.answer(
                call,
                (store, spill) -> {
                    byte[] vector = store.stateVector().encode();
                    return new long[] {spill.take(vector, 0, vector.length), vector.length};
                },
                response);
    }
}
