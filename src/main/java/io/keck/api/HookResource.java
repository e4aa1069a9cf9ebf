package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A receiver of changes that accepts everything, for trying out deliveries. Thread-safe. */
@Path("/hook")
public final class HookResource {
    private static final Logger LOG = LoggerFactory.getLogger(HookResource.class);
    private static final int UNPROCESSABLE = 422;
    private static final Set<String> ACTIONS = Set.of("update", "delete", "resync");

    private final DocumentCalls calls;

    HookResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** Accepts an array of changes in the format of deliveries, and logs it at DEBUG. */
    @Needs(Right.ADMIN)
    @POST
    public Response take(@Context HttpHeaders headers, InputStream in) throws IOException {
        if (!(calls.bodies().json(headers, in) instanceof List<?> histories)
                || !histories.stream().allMatch(entry -> isHistory(entry) || isClientMessage(entry))) {
            throw new Refusal(Reply.text(
                    UNPROCESSABLE,
                    "Expected an array of changes, each"
                            + " {\"workspace_id\",\"field_name\",\"parent\",\"content\",\"action\"}."));
        }
        LOG.debug("Took {} changes, {}", histories.size(), headers.getHeaderString("webhook-id"));
        return Failures.response(Reply.empty(Status.OK)).build();
    }

    /** Whether a value is a change; it may have more members, and {@code field_name} may be missing for null. */
    private static boolean isHistory(@Nullable Object value) {
        return value instanceof Map<?, ?> change
                && change.get("workspace_id") instanceof String
                && (change.get("field_name") == null || change.get("field_name") instanceof String)
                && change.get("parent") instanceof List<?> parent
                && parent.stream().allMatch(String.class::isInstance)
                && change.get("content") instanceof String
                && change.get("action") instanceof String action
                && ACTIONS.contains(action);
    }

    /** Whether a value is a message of a client application. */
    private static boolean isClientMessage(@Nullable Object value) {
        return value instanceof Map<?, ?> message
                && "client-message".equals(message.get("action"))
                && message.get("workspace_id") instanceof String
                && message.get("by") instanceof String
                && message.get("message") instanceof String;
    }
}
