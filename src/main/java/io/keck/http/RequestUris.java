package io.keck.http;

import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Percent-encodes characters that are illegal in a URI (RFC 3986). Browsers send some of them, {@code | ^ ` { }} and a
 * lone percent sign in queries, {@code [ ] |} in paths, and Jetty's WebSocket upgrade fails on them with a stack trace
 * that shows the whole query. The decoded address stays the same. Stateless.
 */
final class RequestUris extends Handler.Wrapper {
    private static final String UNRESERVED = "-._~";
    private static final String SUB_DELIMS = "!$&'()*+,;=";
    private static final String PATH = UNRESERVED + SUB_DELIMS + ":@/";
    private static final String QUERY = PATH + "?";

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        return super.handle(withLegalUri(request), response, callback);
    }

    private static Request withLegalUri(Request request) {
        HttpURI uri = request.getHttpURI();
        String path = uri.getPath();
        if (path == null || !path.startsWith("/")) {
            return request; // CONNECT and OPTIONS *
        }
        // a percent sign in a path that starts no escape is refused later, with a sentence
        String legalPath = legal(path, PATH, true);
        String query = uri.getQuery();
        String legalQuery = query == null ? null : legal(query, QUERY, false);
        if (legalPath.equals(path) && (query == null || query.equals(legalQuery))) {
            return request;
        }
        HttpURI legal = HttpURI.build(uri, legalPath, null, legalQuery).asImmutable();
        return new Request.Wrapper(request) {
            @Override
            public HttpURI getHttpURI() {
                return legal;
            }
        };
    }

    /** @param anyPercent whether a percent sign that starts no escape is left as it is */
    static String legal(String part, String allowed, boolean anyPercent) {
        StringBuilder out = null;
        for (int i = 0; i < part.length(); ) {
            int c = part.codePointAt(i);
            int next = i + Character.charCount(c);
            boolean escape = c == '%' && (anyPercent || (isHex(part, i + 1) && isHex(part, i + 2)));
            boolean fine = escape || isLetterOrDigit(c) || allowed.indexOf(c) >= 0;
            if (!fine && out == null) {
                out = new StringBuilder(part.length() + 16).append(part, 0, i);
            }
            if (out != null) {
                append(out, fine, part, i, next);
            }
            i = next;
        }
        return out == null ? part : out.toString();
    }

    private static void append(StringBuilder out, boolean fine, String part, int from, int to) {
        if (fine) {
            out.append(part, from, to);
            return;
        }
        for (byte b : part.substring(from, to).getBytes(StandardCharsets.UTF_8)) {
            out.append('%')
                    .append(Character.toUpperCase(Character.forDigit(b >> 4 & 15, 16)))
                    .append(Character.toUpperCase(Character.forDigit(b & 15, 16)));
        }
    }

    private static boolean isLetterOrDigit(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    private static boolean isHex(String part, int at) {
        return at < part.length() && Character.digit(part.charAt(at), 16) >= 0;
    }
}
