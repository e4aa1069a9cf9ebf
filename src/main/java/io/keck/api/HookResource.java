package io.keck.api;

import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A receiver of changes that takes everything, to try deliveries with. Thread-safe. */
@Path("/hook")
public final class HookResource {
    private static final Logger LOG = LoggerFactory.getLogger(HookResource.class);
    private static final int UNPROCESSABLE = 422;

    private final DocumentCalls calls;

    HookResource(DocumentCalls calls) {
        this.calls = calls;
    }

    /** Takes an array of changes, and says so in the log at level DEBUG. */
    @POST
    public Response take(@Context HttpHeaders headers, InputStream in) throws IOException {
        if (!(calls.bodies().json(headers, in) instanceof List<?> histories)) {
            throw new Refusal(Reply.text(UNPROCESSABLE, "Expected an array of changes."));
        }
        LOG.debug("Took {} changes, {}", histories.size(), headers.getHeaderString("webhook-id"));
        return Failures.response(Reply.empty(Status.OK)).build();
    }
}
