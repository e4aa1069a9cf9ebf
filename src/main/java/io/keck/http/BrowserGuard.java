package io.keck.http;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Checks every request on both ports, so that a foreign web page cannot use the browser of a user who can reach this
 * server. It relies on headers that browsers set themselves and pages cannot change ({@code Origin},
 * {@code Sec-Fetch-Site}, {@code Host}; Fetch standard, section 3.2, and Fetch Metadata). Clients other than browsers
 * send neither of the first two and are not affected. Thread-safe.
 */
final class BrowserGuard extends Handler.Wrapper {
    /** The header that tasks on the admin port require: a page of another origin cannot send it without a preflight. */
    static final String ADMIN_HEADER = "Keck-Admin";

    private static final String SEC_FETCH_SITE = "Sec-Fetch-Site";
    private static final String TASKS = "/tasks";
    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS", "TRACE");
    /**
     * The content types that a page may send to another origin without a preflight (Fetch standard, "CORS-safelisted
     * request-header").
     */
    private static final Set<String> WITHOUT_PREFLIGHT =
            Set.of("text/plain", "multipart/form-data", "application/x-www-form-urlencoded");
    /**
     * Headers that identify browsers too old to send Origin or Sec-Fetch-Site with every POST. Sec-Fetch-Mode is not
     * one of them, because fetch in Node sends it.
     */
    private static final List<String> OF_BROWSERS = List.of("Referer", "Cookie");

    private static final int SHOWN = 120;

    /** The reason why a request was refused. */
    enum Reason {
        /** {@code Host} is not one of this server's names. */
        HOST,
        /** The request comes from a page of another origin. */
        ORIGIN,
        /** The request comes from a browser and needs no preflight, so any page could have sent it. */
        PREFLIGHT,
        /** A task was requested without the required header. */
        HEADER
    }

    /** A refusal with its status and the sentence for the client and the log. */
    private record Refusal(Reason reason, int status, String sentence) {}

    /**
     * The rules of this server. Immutable.
     *
     * @param hosts the server's own names
     * @param origins the other origins whose pages may use the main port, in lower case, or "*" for all
     * @param isAdmin tells whether a request came through the admin port
     */
    record Rules(HostNames hosts, Set<String> origins, Predicate<Request> isAdmin) {}

    private final Rules rules;
    private final Consumer<Reason> metrics;
    private final BiConsumer<Reason, String> log;

    /** @param log receives one sentence per refusal, without any rate limit */
    BrowserGuard(Rules rules, Consumer<Reason> metrics, BiConsumer<Reason, String> log) {
        this.rules = rules;
        this.metrics = metrics;
        this.log = log;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        boolean admin = rules.isAdmin().test(request);
        Refusal refusal = judgeHost(request, admin);
        if (refusal == null) {
            refusal = admin ? judgeAdmin(request) : judgeMain(request);
        }
        if (refusal == null) {
            return super.handle(request, response, callback);
        }
        metrics.accept(refusal.reason());
        log.accept(refusal.reason(), "Refused a request with " + refusal.status() + ": " + refusal.sentence());
        response.setStatus(refusal.status());
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain;charset=utf-8");
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        if (HttpMethod.HEAD.is(request.getMethod())) {
            callback.succeeded();
        } else {
            Content.Sink.write(response, true, refusal.sentence() + "\n", callback);
        }
        return true;
    }

    /**
     * Judges the Host header itself, not the value that a proxy reports: a page whose name was rebound to this server
     * can set any header except Host. A request without Host (HTTP/1.0) does not come from a browser.
     */
    private @Nullable Refusal judgeHost(Request request, boolean admin) {
        String host = written(request);
        if (host == null || host.isEmpty() || rules.hosts().accept(host)) {
            return null;
        }
        return new Refusal(
                Reason.HOST,
                HttpStatus.MISDIRECTED_REQUEST_421,
                "The name " + shown(host) + " in the Host header is not known as one of "
                        + (admin ? "the admin port of " : "")
                        + "this server. If it is, add it to hosts in config.yml (KECK_HOSTS=" + name(host) + ").");
    }

    private static String name(String host) {
        return shown(host.replaceFirst(":[0-9]*$", ""));
    }

    // ------------------------------------------------------------------ the main port

    private @Nullable Refusal judgeMain(Request request) {
        HttpFields headers = request.getHeaders();
        boolean changes = !SAFE.contains(request.getMethod());
        if (!changes && !headers.contains(HttpHeader.UPGRADE)) {
            return null;
        }
        String origin = headers.get(HttpHeader.ORIGIN);
        if (origin != null) {
            return isOwn(origin, request) || isAllowed(origin) ? null : foreign(shown(origin));
        }
        String site = headers.get(SEC_FETCH_SITE);
        if (site != null) {
            return isHere(site) || rules.origins().contains("*") ? null : foreign("another origin");
        }
        return changes && needsNoPreflight(request) && isOfBrowser(headers)
                ? new Refusal(
                        Reason.PREFLIGHT,
                        HttpStatus.UNSUPPORTED_MEDIA_TYPE_415,
                        "A browser has to send this request with a Content-Type such as application/json or"
                                + " application/octet-stream, so that it asks first whether the page may.")
                : null;
    }

    private static Refusal foreign(String page) {
        return new Refusal(
                Reason.ORIGIN,
                HttpStatus.FORBIDDEN_403,
                "A page of " + page + " may not connect or write here. If it is one of yours, add its origin"
                        + " (scheme://host:port) to cors.origins in config.yml (KECK_CORS_ORIGINS).");
    }

    private boolean isAllowed(String origin) {
        return rules.origins().contains("*") || rules.origins().contains(origin.toLowerCase(Locale.ROOT));
    }

    private static boolean needsNoPreflight(Request request) {
        String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        return HttpMethod.POST.is(request.getMethod())
                && (type == null
                        || WITHOUT_PREFLIGHT.contains(type.toLowerCase(Locale.ROOT)
                                .split("[;,]", 2)[0]
                                .strip()));
    }

    private static boolean isOfBrowser(HttpFields headers) {
        return OF_BROWSERS.stream().anyMatch(headers::contains);
    }

    // ------------------------------------------------------------------ the admin port

    private @Nullable Refusal judgeAdmin(Request request) {
        HttpFields headers = request.getHeaders();
        String origin = headers.get(HttpHeader.ORIGIN);
        String site = headers.get(SEC_FETCH_SITE);
        if ((origin != null && !isOwn(origin, request)) || (site != null && !isHere(site))) {
            return new Refusal(
                    Reason.ORIGIN, HttpStatus.FORBIDDEN_403, "Pages of other origins may not use the admin port.");
        }
        if (!SAFE.contains(request.getMethod()) && isTask(request) && !headers.contains(ADMIN_HEADER)) {
            return new Refusal(
                    Reason.HEADER,
                    HttpStatus.FORBIDDEN_403,
                    "A task wants the header " + ADMIN_HEADER + ": 1, as in curl -X POST -H '" + ADMIN_HEADER
                            + ": 1' http://127.0.0.1:3100/tasks/rooms");
        }
        return null;
    }

    private static boolean isTask(Request request) {
        String path = request.getHttpURI().getCanonicalPath();
        return path == null || path.contains(TASKS);
    }

    // ------------------------------------------------------------------ both

    /** Whether the origin is this server's, by its own address or by the one that a proxy reports. */
    private static boolean isOwn(String origin, Request request) {
        URI page;
        try {
            page = URI.create(origin);
        } catch (IllegalArgumentException e) {
            return false;
        }
        if (page.getScheme() == null || page.getRawAuthority() == null) {
            return false; // "null"
        }
        String scheme = page.getScheme().toLowerCase(Locale.ROOT);
        String wanted = authority(scheme, page.getRawAuthority());
        String host = written(request);
        String named = request.getHttpURI().getAuthority();
        return (host != null && wanted.equals(authority(scheme, host)))
                || (named != null && wanted.equals(authority(scheme, named)));
    }

    /** The Host header as received; Jetty replaces it by the name that a proxy reports. */
    private static @Nullable String written(Request request) {
        return Request.unWrap(request).getHeaders().get(HttpHeader.HOST);
    }

    private static String authority(String scheme, String written) {
        String authority = written.toLowerCase(Locale.ROOT);
        boolean hasPort = authority.matches(".*:[0-9]+");
        return hasPort ? authority : authority + (scheme.equals("https") ? ":443" : ":80");
    }

    private static boolean isHere(String site) {
        return site.equals("same-origin") || site.equals("none");
    }

    /** Text from a client, cleaned so that it cannot forge log lines. */
    private static String shown(String text) {
        String printable = text.replaceAll("[^!-~]", "?");
        return printable.length() <= SHOWN ? printable : printable.substring(0, SHOWN) + "…";
    }
}
