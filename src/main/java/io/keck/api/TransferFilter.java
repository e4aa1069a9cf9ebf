package io.keck.api;

import io.keck.heap.AddressShares;
import io.keck.metrics.BlobMetrics;
import io.keck.metrics.BlobMetrics.Refusal;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Limits concurrent requests for blobs, in all and per address, and answers 503 or 429 beyond, because each holds a
 * thread and a piece of a blob in memory as long as its client takes. Refuses a body that is too large while its client
 * still waits for {@code 100 Continue}. Thread-safe.
 */
public final class TransferFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;
    private static final int TOO_MANY_REQUESTS = 429;

    private final transient AddressShares places;
    private final transient BlobMetrics metrics;
    private final transient BlobLimits limits;

    /** Creates a filter with the places of the limits. */
    public TransferFilter(BlobLimits limits, BlobMetrics metrics) {
        this.places = new AddressShares(limits.maxTransfers(), limits.maxTransfersPerAddress());
        this.limits = limits;
        this.metrics = metrics;
    }

    /** The number of running requests. */
    public int underWay() {
        return places.taken();
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request.getHeader("Expect") != null && request.getContentLengthLong() > limits.maxSize()) {
            metrics.refused(Refusal.TOO_LARGE); // before the body is read, which would make the client send it
            response.setHeader("Connection", "close");
            say(response, HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE, limits.tooLarge());
            return;
        }
        AddressShares.Answer place = places.enter(request.getRemoteAddr());
        if (place != AddressShares.Answer.TAKEN) {
            metrics.refused(Refusal.TOO_MANY);
            response.setHeader("Retry-After", "1");
            if (request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null) {
                response.setHeader("Connection", "close"); // the body is not read
            }
            boolean isOwn = place == AddressShares.Answer.ADDRESS_FULL;
            say(
                    response,
                    isOwn ? TOO_MANY_REQUESTS : HttpServletResponse.SC_SERVICE_UNAVAILABLE,
                    isOwn
                            ? "Too many blobs are being transferred to or from your address, please try again."
                            : "Too many blobs are being transferred, please try again.");
            return;
        }
        try {
            chain.doFilter(request, response);
        } finally {
            places.leave(request.getRemoteAddr());
        }
    }

    private static void say(HttpServletResponse response, int status, String sentence) throws IOException {
        response.setStatus(status);
        response.setContentType("text/plain;charset=utf-8");
        response.getOutputStream().print(sentence + "\n");
    }
}
