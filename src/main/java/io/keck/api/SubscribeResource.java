package io.keck.api;

import io.keck.access.Needs;
import io.keck.access.Right;
import io.keck.feed.Hooks;
import io.keck.feed.Hooks.RefusedException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The webhook endpoint for the changes of all workspaces. Thread-safe. */
@Path("/subscribe")
public final class SubscribeResource {
    private static final Logger LOG = LoggerFactory.getLogger(SubscribeResource.class);
    private static final int UNPROCESSABLE = 422;

    private final DocumentCalls calls;
    private final Hooks hooks;

    SubscribeResource(DocumentCalls calls, Hooks hooks) {
        this.calls = calls;
        this.hooks = hooks;
    }

    /** Sets the endpoint for all nodes; an empty URL removes it. */
    @Needs(Right.ADMIN)
    @POST
    public void set(
            @Context HttpHeaders headers,
            @Context HttpServletRequest request,
            InputStream in,
            @Suspended AsyncResponse response)
            throws IOException {
        if (!(calls.bodies().json(headers, in) instanceof Map<?, ?> body)
                || !(body.get("endpoint") instanceof String endpoint)) {
            throw new Refusal(Reply.text(UNPROCESSABLE, "Expected {\"endpoint\":\"https://…\"}."));
        }
        calls.resume(
                response,
                hooks.set(NeedsFilter.onServer(request), endpoint.strip()).handle((done, error) -> {
                    if (error == null) {
                        return Failures.response(Reply.empty(Status.OK)).build();
                    }
                    Throwable cause = DocumentCalls.cause(error);
                    return cause instanceof RefusedException refused
                            ? Failures.response(Reply.text(UNPROCESSABLE, String.valueOf(refused.getMessage())))
                                    .build()
                            : unavailable(cause);
                }));
    }

    private static Response unavailable(Throwable cause) {
        if (!(cause instanceof io.keck.failure.Unavailable)) {
            LOG.error("Setting the webhook endpoint failed with an unknown outcome", cause);
        }
        return Failures.unavailable(true);
    }
}
