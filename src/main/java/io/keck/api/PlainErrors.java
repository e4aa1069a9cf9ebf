package io.keck.api;

import io.dropwizard.core.setup.Environment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * What Jetty refuses by itself, in place of its pages: a sentence in plain text, as all that Keck refuses. Never a stack
 * trace, and nothing of the request but what Jetty found wrong with it. Thread-safe.
 */
final class PlainErrors extends ErrorHandler {
    private static final int MAX_REASON = 120;
    private static final Map<Integer, String> SENTENCES = Map.of(
            404, "There is nothing at this address.",
            405, "This method is not understood at this address.",
            406, "There is no answer of a type that the Accept header asks for.",
            413, "The request is larger than the limit.",
            414, "The address is longer than the limit.",
            417, "The Expect header asks for something that is not done here.",
            431, "The header of the request is larger than the limit.",
            500, "Keck failed; its log says why.",
            503, "The server cannot answer now, please try again.");

    private PlainErrors() {}

    /** Lets the main port answer like this: what goes wrong in a servlet, and before any servlet is found. */
    static void install(Environment environment) {
        environment.getApplicationContext().setErrorHandler(new OfServlets());
        environment.lifecycle().addServerLifecycleListener(server -> server.setErrorHandler(new PlainErrors()));
    }

    /** The sentence for a status that Jetty answers with. */
    static String sentence(int status, @Nullable String reason) {
        String known = SENTENCES.get(status);
        if (known != null) {
            return known;
        }
        String standard = HttpStatus.getMessage(status);
        if (status != HttpStatus.BAD_REQUEST_400) {
            return standard + ".";
        }
        if (reason == null || reason.isBlank() || reason.equals(standard)) {
            return "The request is malformed.";
        }
        String printable = reason.replaceAll("[^ -~]", "?");
        return "The request is malformed: "
                + printable
                        .substring(0, Math.min(MAX_REASON, printable.length()))
                        .replaceFirst("\\.$", "") + ".";
    }

    @Override
    public boolean errorPageForMethod(String method) {
        return true;
    }

    @Override
    protected void generateResponse(
            Request request,
            Response response,
            int code,
            @Nullable String message,
            @Nullable Throwable cause,
            Callback callback) {
        answer(response, code, cause instanceof HttpException http ? http.getReason() : message, callback);
    }

    private static void answer(Response response, int status, @Nullable String reason, Callback callback) {
        byte[] text = sentence(status, reason).getBytes(StandardCharsets.UTF_8);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain;charset=utf-8");
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, text.length);
        response.write(true, ByteBuffer.wrap(text), callback);
    }

    /** The same for what a servlet refuses. */
    private static final class OfServlets extends org.eclipse.jetty.ee10.servlet.ErrorHandler {
        @Override
        public boolean errorPageForMethod(String method) {
            return true;
        }

        @Override
        protected void generateResponse(
                Request request,
                Response response,
                int code,
                @Nullable String message,
                @Nullable Throwable cause,
                Callback callback) {
            answer(response, code, cause instanceof HttpException http ? http.getReason() : message, callback);
        }
    }
}
