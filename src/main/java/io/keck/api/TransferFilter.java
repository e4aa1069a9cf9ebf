package io.keck.api;

import io.keck.metrics.BlobMetrics;
import io.keck.metrics.BlobMetrics.Refusal;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.Semaphore;

/**
 * Lets so many requests for blobs in at a time and answers 503 to the others: each holds a thread and a piece of a blob
 * in memory as long as its client takes. A body that is too large is refused here where its client waits for a sign to
 * begin. Thread-safe.
 */
public final class TransferFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    private final transient Semaphore places;
    private final transient BlobMetrics metrics;
    private final transient BlobLimits limits;

    /** With as many places as the limits say. */
    public TransferFilter(BlobLimits limits, BlobMetrics metrics) {
        this.places = new Semaphore(limits.maxTransfers());
        this.limits = limits;
        this.metrics = metrics;
    }

    /** How many requests are under way. */
    public int underWay() {
        return limits.maxTransfers() - places.availablePermits();
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request.getHeader("Expect") != null && request.getContentLengthLong() > limits.maxSize()) {
            metrics.refused(Refusal.TOO_LARGE); // before anybody reads, which lets the client begin to send
            response.setHeader("Connection", "close");
            say(response, HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE, limits.tooLarge());
            return;
        }
        if (!places.tryAcquire()) {
            metrics.refused(Refusal.TOO_MANY);
            response.setHeader("Retry-After", "1");
            say(
                    response,
                    HttpServletResponse.SC_SERVICE_UNAVAILABLE,
                    "Too many blobs are on their way, please try again.");
            return;
        }
        try {
            chain.doFilter(request, response);
        } finally {
            places.release();
        }
    }

    private static void say(HttpServletResponse response, int status, String sentence) throws IOException {
        response.setStatus(status);
        response.setContentType("text/plain;charset=utf-8");
        response.getOutputStream().print(sentence + "\n");
    }
}
