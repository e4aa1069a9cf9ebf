package io.keck.api;

import io.keck.room.RequestKey;
import jakarta.annotation.Priority;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads the {@code Idempotency-Key} of a request that writes to a workspace or its blobs, and digests the body while it
 * is read, so that the key identifies this request only. Runs before the filters that read bodies. Stateless.
 */
@Priority(Priorities.USER - 1)
final class KeyFilter implements ContainerRequestFilter {
    private static final String HEADER = "Idempotency-Key";
    private static final String PROPERTY = KeyFilter.class.getName();
    private static final String REFUSED = PROPERTY + ".refused";
    private static final int MAX = 255;
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    private static final List<String> PATHS = List.of("block/", "blobs/", "workspace/", "documents/");

    private final Bodies bodies;

    KeyFilter(Bodies bodies) {
        this.bodies = bodies;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        List<String> keys = request.getHeaders().get(HEADER);
        String path = request.getUriInfo().getPath(false);
        String method = request.getMethod();
        if (keys == null || READING.contains(method) || PATHS.stream().noneMatch(path::startsWith)) {
            return;
        }
        String key = keys.get(0);
        if (keys.size() > 1
                || key.isBlank()
                || key.length() > MAX
                || !key.chars().allMatch(KeyFilter::isVisible)) {
            request.setProperty(REFUSED, true);
            throw Refusal.bad("There may be one Idempotency-Key, of 1 to " + MAX + " characters of ASCII.");
        }
        MessageDigest body = Fingerprint.sha256();
        InputStream digested = method.equals("DELETE") // its body has no meaning
                ? InputStream.nullInputStream()
                : new DigestInputStream(request.getEntityStream(), body);
        if (!method.equals("DELETE")) {
            request.setEntityStream(digested);
        }
        String query = request.getUriInfo().getRequestUri().getRawQuery();
        Supplier<RequestKey> made = () -> {
            skip(digested);
            return new RequestKey(owned(request, key), Fingerprint.of(method, path, query, body.digest()));
        };
        request.setProperty(PROPERTY, made);
    }

    /** Prefixes the key with the principal, so that two principals never share a key; neither contains a line feed. */
    private static String owned(ContainerRequestContext request, String key) {
        Object principal = request.getProperty(NeedsFilter.PRINCIPAL);
        return principal == null ? key : principal + "\n" + key;
    }

    /** Reads the rest of a body, because the digest covers all of it, even bytes that nothing else reads. */
    private void skip(InputStream body) {
        try {
            bodies.skip(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether this filter refused the request, so that its body was not read. */
    static boolean isRefused(ContainerRequestContext request) {
        return request.getProperty(REFUSED) != null;
    }

    private static boolean isVisible(int c) {
        return c >= ' ' && c <= '~';
    }

    /**
     * The key of a request, or null; may be called once, after the call has read the part of the body that it needs.
     */
    static @Nullable RequestKey key(HttpServletRequest request) {
        return request.getAttribute(PROPERTY) instanceof Supplier<?> made ? (RequestKey) made.get() : null;
    }
}
