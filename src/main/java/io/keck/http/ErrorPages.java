package io.keck.http;

import io.keck.thread.OutOfMemory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests that reach no servlet: unknown addresses, and requests that Jetty refuses while parsing. The answer
 * is a sentence as text, or a page with links for a browser at an unknown address. It never repeats the requested
 * address, which may contain a token. Stateless.
 */
public final class ErrorPages implements Request.Handler {
    /** Jetty's message for an Upgrade header that the Connection header does not name, whatever the protocol. */
    private static final String UPGRADE_WITHOUT_CONNECTION = "Invalid h2c upgrade headers";

    private static final int MAX_REASON = 120;
    private static final Map<Integer, String> SENTENCES = Map.of(
            404,
            "There is nothing at this address. Rooms are at /collaboration/{room}, documents at /api/block/{room}, and"
                    + " /api/docs/ describes them.",
            405,
            "This method is not understood at this address.",
            406,
            "There is no answer of a type that the Accept header asks for.",
            413,
            "The request is larger than the limit.",
            414,
            "The address is longer than the limit.",
            417,
            "The Expect header asks for something that is not done here.",
            431,
            "The header of the request is larger than the limit.",
            503,
            "The server cannot answer now, please try again.");

    private final String page;
    private final String connectionHeaderMissing;

    ErrorPages(String connectionHeaderMissing) {
        this.connectionHeaderMissing = connectionHeaderMissing;
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/assets/404.html"))) {
            page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Throwable cause = (Throwable) request.getAttribute(ErrorHandler.ERROR_EXCEPTION);
        OutOfMemory.check(cause);
        int status = cause instanceof HttpException http ? http.getCode() : response.getStatus();
        String reason = cause instanceof HttpException http ? http.getReason() : null;
        String sentence = sentence(status, reason);
        if (UPGRADE_WITHOUT_CONNECTION.equals(reason)) {
            status = HttpStatus.UPGRADE_REQUIRED_426;
            sentence = connectionHeaderMissing;
            response.getHeaders().put(HttpHeader.UPGRADE, "websocket");
        }
        response.setStatus(status);
        response.getHeaders().put(ErrorHandler.ERROR_CACHE_CONTROL);
        if (HttpStatus.hasNoBody(status)) {
            callback.succeeded();
            return true;
        }
        boolean html = status == HttpStatus.NOT_FOUND_404 && isForBrowsers(request);
        response.getHeaders()
                .put(HttpHeader.CONTENT_TYPE, html ? "text/html;charset=utf-8" : "text/plain;charset=utf-8");
        String body = html ? page.replace("{{base}}", base(request.getHttpURI().getCanonicalPath())) : sentence + "\n";
        Content.Sink.write(response, true, body, callback);
        return true;
    }

    /**
     * Returns the sentence for a status for which no resource has supplied one.
     *
     * @param reason Jetty's description of the error in the request, or null
     */
    public static String sentence(int status, @Nullable String reason) {
        String known = SENTENCES.get(status);
        if (known != null) {
            return known;
        }
        if (status >= HttpStatus.INTERNAL_SERVER_ERROR_500) {
            return "Keck failed; its log says why.";
        }
        String name = HttpStatus.getMessage(status);
        if (status != HttpStatus.BAD_REQUEST_400) {
            return name + ".";
        }
        if (reason == null || reason.isBlank() || reason.equals(name)) {
            return "The request is malformed. A percent sign in a name has to be encoded as %25.";
        }
        String printable = reason.replaceAll("[^ -~]", "?");
        return "The request is malformed: "
                + printable
                        .substring(0, Math.min(MAX_REASON, printable.length()))
                        .replaceFirst("\\.$", "") + ".";
    }

    private static boolean isForBrowsers(Request request) {
        return request.getHeaders().getQualityCSV(HttpHeader.ACCEPT).contains("text/html");
    }

    /** The relative path from an address to the front page; a proxy may serve Keck below a path. */
    private static String base(@Nullable String path) {
        long folders = path == null ? 0 : path.chars().filter(c -> c == '/').count() - 1;
        return folders <= 0 ? "./" : "../".repeat((int) Math.min(folders, 100));
    }
}
