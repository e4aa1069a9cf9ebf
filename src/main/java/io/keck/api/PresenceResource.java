package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.api.DocumentCalls.Missing;
import io.keck.protocol.AwarenessState;
import io.keck.room.Documents.Answer;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The presence of a document: the awareness states of its clients. Thread-safe. */
@Path("/documents/{document}/presence")
public final class PresenceResource {
    private final DocumentCalls calls;

    PresenceResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** The states of all clients, by client id. */
    @Needs({Right.READ, Right.PRESENT})
    @GET
    public void get(@BeanParam Call call, @Suspended AsyncResponse response) {
        String name = call.workspace();
        var grant = call.grant();
        calls.finish(
                response,
                name,
                Missing.DOCUMENT,
                calls.turn(name)
                        .thenCompose(now -> calls.documents().presence(grant))
                        .thenApply(there ->
                                new Answer<>(json(there.value()), there.roomId(), there.seq(), there.stale())));
    }

    private static Reply json(List<AwarenessState> states) {
        List<Map<String, @Nullable Object>> data = states.stream()
                .sorted(Comparator.comparingLong(AwarenessState::client))
                .map(PresenceResource::json)
                .toList();
        return Reply.json(Map.of("data", data));
    }

    private static Map<String, @Nullable Object> json(AwarenessState state) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("client", (double) state.client());
        json.put("clock", (double) state.clock());
        json.put("state", new JsonText.Raw(state.json()));
        return json;
    }
}
