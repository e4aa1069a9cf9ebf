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
 * Cross-origin requests (the Fetch standard, section 3.3) for everything on the main port: what a page of another origin
 * may read. Stands before the servlets, so answers that say no carry the headers, too. Thread-safe.
 */
final class CorsHandler extends Handler.Wrapper {
    private static final HttpField METHODS =
            new HttpField("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, HEAD, OPTIONS");
    private static final HttpField EXPOSED = new HttpField("Access-Control-Expose-Headers", "ETag, Keck-Seq");
    /** Seconds for which a browser need not ask again. */
    private static final HttpField MAX_AGE = new HttpField("Access-Control-Max-Age", "600");

    private static final HttpField VARY = new HttpField(HttpHeader.VARY, "Origin");
    private static final HttpField VARY_PREFLIGHT =
            new HttpField(HttpHeader.VARY, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");

    private final boolean all;
    private final Set<String> origins;

    /** @param origins as browsers send them, or "*" */
    CorsHandler(Set<String> origins) {
        this.all = origins.contains(CorsFactory.ALL);
        this.origins = origins.stream().map(o -> o.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        boolean allowed = origin != null && (all || origins.contains(origin.toLowerCase(Locale.ROOT)));
        boolean preflight = origin != null
                && HttpMethod.OPTIONS.is(request.getMethod())
                && request.getHeaders().contains("Access-Control-Request-Method");
        // when the answer is on its way: Jetty's error pages begin with no headers but their own
        request.addHttpStreamWrapper(stream -> new HttpStream.Wrapper(stream) {
            @Override
            public void prepareResponse(HttpFields.Mutable headers) {
                super.prepareResponse(headers);
                add(headers, allowed ? origin : null, preflight);
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

    private void add(HttpFields.Mutable headers, @Nullable String origin, boolean preflight) {
        if (!all) {
            headers.add(preflight ? VARY_PREFLIGHT : VARY); // whoever caches keeps one answer per origin
        }
        if (origin != null) {
            headers.put("Access-Control-Allow-Origin", all ? CorsFactory.ALL : origin);
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
