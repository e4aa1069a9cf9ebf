package io.keck.api;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import java.net.URI;

/**
 * Treats a semicolon in a path as a character of a name, as for WebSockets, instead of the start of JAX-RS matrix
 * parameters.
 */
@PreMatching
final class RawPathFilter implements ContainerRequestFilter {
    RawPathFilter() {}

    @Override
    public void filter(ContainerRequestContext request) {
        URI uri = request.getUriInfo().getRequestUri();
        String path = uri.getRawPath();
        if (path.indexOf(';') >= 0) {
            String query = uri.getRawQuery();
            String origin = uri.getScheme() + "://" + uri.getRawAuthority();
            request.setRequestUri(URI.create(origin + path.replace(";", "%3B") + (query == null ? "" : "?" + query)));
        }
    }
}
