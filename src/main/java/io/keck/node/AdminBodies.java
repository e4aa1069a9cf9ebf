package io.keck.node;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.Semaphore;

/**
 * Limits the requests with a body that are in progress on the admin port, because a task that reads its parameters from
 * the body occupies a thread of the server while it waits for the body. Tasks do not need a body, since parameters may
 * be in the address. Thread-safe.
 */
final class AdminBodies extends HttpFilter {
    /** The largest number of requests with a body at the same time. */
    static final int PLACES = 8;

    private static final long serialVersionUID = 1L;

    private final Semaphore places;

    AdminBodies() {
        this(PLACES);
    }

    /** @param places the largest number of requests with a body at the same time; a test sets more */
    AdminBodies(int places) {
        this.places = new Semaphore(places);
    }

    /** The number of free places. */
    int free() {
        return places.availablePermits();
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        boolean hasBody = request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
        if (!hasBody) {
            chain.doFilter(request, response);
            return;
        }
        if (!places.tryAcquire()) {
            response.setStatus(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
            response.setHeader("Retry-After", "1");
            response.setHeader("Connection", "close"); // the body is not read
            response.setContentType("text/plain;charset=utf-8");
            response.getOutputStream().print("Too many requests with a body are under way on the admin port.\n");
            return;
        }
        try {
            chain.doFilter(request, response);
        } finally {
            places.release();
        }
    }
}
