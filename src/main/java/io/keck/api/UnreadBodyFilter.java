package io.keck.api;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the rest of a request's body after an early answer, within a limit; beyond it the answer announces that the
 * connection closes. A client that is cut off while it sends may miss the answer and blame the next request.
 */
final class UnreadBodyFilter implements ContainerResponseFilter {
    private static final Logger LOG = LoggerFactory.getLogger(UnreadBodyFilter.class);
    private static final int TOO_SLOW = 408;
    private static final int FIRST_ERROR = 400;
    private static final Pattern BLOBS = Pattern.compile("^(blobs|workspace)/");

    private final Bodies bodies;

    UnreadBodyFilter(Bodies bodies) {
        this.bodies = bodies;
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        String path = request.getUriInfo().getPath(false);
        if (BLOBS.matcher(path).find() && !KeyFilter.isRefused(request)) {
            // a body of hundreds of megabytes is not read
            if (response.getStatus() >= FIRST_ERROR && hasBody(request)) {
                response.getHeaders().putSingle("Connection", "close");
            }
            return;
        }
        if (response.getStatus() == TOO_SLOW || !drained(request)) {
            response.getHeaders().putSingle("Connection", "close");
        }
    }

    /** Read from the headers, because Jersey's {@code getLength} throws for a length that is larger than an int. */
    private static boolean hasBody(ContainerRequestContext request) {
        String length = request.getHeaderString("Content-Length");
        return length == null ? request.getHeaderString("Transfer-Encoding") != null : !length.equals("0");
    }

    /** Reads the rest of the body; the call is done, so a failure here does not change the answer. */
    private boolean drained(ContainerRequestContext request) {
        try {
            return bodies.drain(request.getEntityStream());
        } catch (RuntimeException e) {
            LOG.warn("The rest of a request body could not be read; closing the connection after the answer", e);
            return false;
        }
    }
}
