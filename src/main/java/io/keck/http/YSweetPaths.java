package io.keck.http;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Leads the addresses of y-sweet's HTTP interface, which begin at the root, to where this server has it: {@code /doc/new} to
 * {@code /api/y-sweet/doc/new}, and so on. Its SDK writes the name of a document into an address as it is, so slashes of the
 * name are encoded here. WebSockets stay where they are. Stateless.
 */
public final class YSweetPaths extends Handler.Wrapper {
    private static final String HERE = "/api/y-sweet";
    private static final Pattern FIXED = Pattern.compile("/doc/new|/check_store");
    private static final Pattern NAMED = Pattern.compile("(/doc/)(.+)(/auth)|(/d/)(.+)(/as-update|/update)");

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        HttpURI uri = request.getHttpURI();
        String path = request.getHeaders().contains(HttpHeader.UPGRADE) ? null : moved(uri.getPath());
        if (path == null) {
            return super.handle(request, response, callback);
        }
        HttpURI moved = HttpURI.build(uri, path, uri.getParam(), uri.getQuery()).asImmutable();
        return super.handle(
                new Request.Wrapper(request) {
                    @Override
                    public HttpURI getHttpURI() {
                        return moved;
                    }
                },
                response,
                callback);
    }

    /** Where a path leads; null if it stays as it is. */
    static @Nullable String moved(@Nullable String path) {
        if (path == null || !(path.startsWith("/d") || path.startsWith("/c"))) {
            return null;
        }
        if (FIXED.matcher(path).matches()) {
            return HERE + path;
        }
        Matcher named = NAMED.matcher(path);
        if (!named.matches()) {
            return null;
        }
        int first = named.group(1) != null ? 1 : 4;
        String name = String.valueOf(named.group(first + 1)).replace("/", "%2F");
        return HERE + named.group(first) + name + named.group(first + 2);
    }
}
