package io.keck.api;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import java.io.IOException;
import java.io.InputStream;

/**
 * Takes what a client still sends when it is answered already, within a limit; beyond it the answer says that the
 * connection ends. A client that is cut off while it sends may not hear why, and blames the next request for it.
 */
public final class UnreadBodyFilter implements ContainerResponseFilter {
    private static final int MORE = 1 << 20;

    private final long maxBytes;

    UnreadBodyFilter(ApiLimits limits) {
        maxBytes = limits.maxBody() + (long) MORE;
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        if (!request.getUriInfo().getPath(false).startsWith("block/") || isDrained(request)) {
            return;
        }
        response.getHeaders().putSingle("Connection", "close");
    }

    private boolean isDrained(ContainerRequestContext request) {
        try {
            InputStream in = request.getEntityStream();
            byte[] chunk = new byte[8192];
            for (long left = maxBytes; left > 0; ) {
                int n = in.read(chunk);
                if (n < 0) {
                    return true;
                }
                left -= n;
            }
            return false;
        } catch (IOException | IllegalStateException e) {
            return true; // read and closed, or broken off: there is nothing to take
        }
    }
}
