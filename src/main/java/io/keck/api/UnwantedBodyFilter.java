package io.keck.api;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Context;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads an unused compressed body before the request is carried out. If the compression is broken, Jetty would
 * otherwise refuse the request after it was carried out, and only if the answer has not been sent yet.
 */
final class UnwantedBodyFilter implements ContainerRequestFilter {
    /** The name to which Jetty renames {@code Content-Encoding} when it decodes the body. */
    static final String DECODED = "X-Content-Encoding";

    private static final Pattern PATHS = Pattern.compile("^(block|documents)/");

    private final Bodies bodies;

    /** Set by Jersey: a proxy for the object of the current request. */
    @Context
    private @Nullable ResourceInfo resource;

    UnwantedBodyFilter(Bodies bodies) {
        this.bodies = bodies;
    }

    @Override
    public void filter(ContainerRequestContext request) throws IOException {
        if (request.getHeaderString(DECODED) != null
                && PATHS.matcher(request.getUriInfo().getPath(false)).find()
                && resource != null
                && !List.of(resource.getResourceMethod().getParameterTypes()).contains(InputStream.class)) {
            bodies.skip(request.getEntityStream());
        }
    }
}
