package io.keck.auth;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/**
 * Decides whether a request comes from a page that may use the cookies of this server. Browsers add cookies to requests of
 * any page, so a cookie counts only with an {@code Origin} that is this server or in the configured list. Without that
 * header it counts for reading, unless the browser says that another site asks, and never for a WebSocket. Immutable.
 */
final class Origins {
    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");

    private final Set<String> allowed = new HashSet<>();

    /** @param list origins with commas between them; {@code *} means that no cookie is accepted */
    Origins(String list) {
        for (String origin : list.split(",", -1)) {
            if (!origin.isBlank() && !origin.strip().equals("*")) {
                allowed.add(origin.strip().toLowerCase(Locale.ROOT));
            }
        }
    }

    /** Returns the configured origins in lower case. */
    Set<String> allowed() {
        return Set.copyOf(allowed);
    }

    boolean allow(Request request) {
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin != null) {
            String lower = origin.toLowerCase(Locale.ROOT);
            return allowed.contains(lower) || isOwn(request, lower);
        }
        String site = request.getHeaders().get("Sec-Fetch-Site");
        boolean own = site == null || site.equals("same-origin") || site.equals("none");
        return own
                && SAFE.contains(request.getMethod())
                && !request.getHeaders().contains(HttpHeader.UPGRADE);
    }

    /** Compares host and port only: this server does not know whether a proxy speaks TLS with the browser. */
    private static boolean isOwn(Request request, String origin) {
        String host = request.getHeaders().get(HttpHeader.HOST);
        return host != null && origin.endsWith("://" + host.toLowerCase(Locale.ROOT));
    }
}
