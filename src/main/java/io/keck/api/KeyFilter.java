package io.keck.api;

import io.keck.room.RequestKey;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes the {@code Idempotency-Key} of a request that writes to a workspace, and digests the body while it is read, so that
 * the key stands for this request alone. Stateless.
 */
public final class KeyFilter implements ContainerRequestFilter {
    private static final String HEADER = "Idempotency-Key";
    private static final String PROPERTY = KeyFilter.class.getName();
    private static final int MAX = 255;
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    KeyFilter() {}

    @Override
    public void filter(ContainerRequestContext request) {
        List<String> keys = request.getHeaders().get(HEADER);
        String path = request.getUriInfo().getPath(false);
        String method = request.getMethod();
        if (keys == null || READING.contains(method) || !path.startsWith("block/")) {
            return;
        }
        String key = keys.get(0);
        if (keys.size() > 1
                || key.isBlank()
                || key.length() > MAX
                || !key.chars().allMatch(KeyFilter::isVisible)) {
            throw Refusal.bad("There may be one Idempotency-Key, of 1 to " + MAX + " characters of ASCII.");
        }
        MessageDigest body = Fingerprint.sha256();
        if (!method.equals("DELETE")) { // its body says nothing
            request.setEntityStream(new DigestInputStream(request.getEntityStream(), body));
        }
        String query = request.getUriInfo().getRequestUri().getRawQuery();
        Supplier<RequestKey> made = () -> new RequestKey(key, Fingerprint.of(method, path, query, body.digest()));
        request.setProperty(PROPERTY, made);
    }

    private static boolean isVisible(int c) {
        return c >= ' ' && c <= '~';
    }

    /** The key of that request, or null; to be asked once, when the body is read. */
    static @Nullable RequestKey key(HttpServletRequest request) {
        return request.getAttribute(PROPERTY) instanceof Supplier<?> made ? (RequestKey) made.get() : null;
    }
}
