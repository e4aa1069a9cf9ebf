package io.keck.api;

import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Cross-origin requests (the Fetch standard, section 3.3) for everything on the main port: decides what a page of
 * another origin may read. Runs before the servlets, so that refusals carry the headers, too. Thread-safe.
 */
final class CorsHandler extends Handler.Wrapper {
    private static final HttpField METHODS =
            new HttpField("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, HEAD, OPTIONS");
    private static final HttpField EXPOSED =
            new HttpField("Access-Control-Expose-Headers", "ETag, Keck-Epoch, Keck-Seq");
    /** The seconds for which a browser may cache a preflight. */
    private static final HttpField MAX_AGE = new HttpField("Access-Control-Max-Age", "600");

    private static final HttpField VARY = new HttpField(HttpHeader.VARY, "Origin");
    private static final HttpField VARY_PREFLIGHT =
            new HttpField(HttpHeader.VARY, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");

    private final boolean all;
    private final Set<String> origins;
    private final Set<String> credentialed;

    /**
     * Creates a handler for these origins, written as browsers send them.
     *
     * @param origins may use the interface without cookies; "*" for all
     * @param credentialed may use it with cookies
     */
    CorsHandler(Set<String> origins, Set<String> credentialed) {
        this.all = origins.contains(CorsFactory.ALL);
        this.origins = lower(origins);
        this.credentialed = lower(credentialed);
    }

    private static Set<String> lower(Set<String> origins) {
        return origins.stream().map(o -> o.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        String lower = origin == null ? "" : origin.toLowerCase(Locale.ROOT);
        boolean withCookies = credentialed.contains(lower);
        boolean allowed = origin != null && (all || withCookies || origins.contains(lower));
        boolean preflight = origin != null
                && HttpMethod.OPTIONS.is(request.getMethod())
                && request.getHeaders().contains("Access-Control-Request-Method");
        // added when the answer is sent, because Jetty's error pages start with their own headers only
        request.addHttpStreamWrapper(stream -> new HttpStream.Wrapper(stream) {
            @Override
            public void prepareResponse(HttpFields.Mutable headers) {
                super.prepareResponse(headers);
                add(headers, allowed ? origin : null, withCookies, preflight);
            }
        });
        if (!preflight) {
            return super.handle(request, response, callback);
        }
        if (allowed) {
            answerPreflight(request, response.getHeaders());
        }
        response.setStatus(200);
        callback.succeeded();
        return true;
    }

    private void add(HttpFields.Mutable headers, @Nullable String origin, boolean withCookies, boolean preflight) {
        if (!all || !credentialed.isEmpty()) {
            headers.add(preflight ? VARY_PREFLIGHT : VARY); // caches must keep one answer per origin
        }
        if (origin != null) {
            headers.put("Access-Control-Allow-Origin", all && !withCookies ? CorsFactory.ALL : origin);
            if (withCookies) {
                headers.put("Access-Control-Allow-Credentials", "true");
            }
            if (!preflight) {
                headers.put(EXPOSED);
            }
        }
    }

    private static void answerPreflight(Request request, HttpFields.Mutable headers) {
        headers.put(METHODS);
        headers.put(MAX_AGE);
        String asked = request.getHeaders().get("Access-Control-Request-Headers");
        if (asked != null) {
            headers.put("Access-Control-Allow-Headers", asked);
        }
    }
}
