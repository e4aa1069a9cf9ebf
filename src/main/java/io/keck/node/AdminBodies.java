package io.keck.node;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.Semaphore;

/**
 * Bounds how many requests with a body are under way on the admin port: a task that reads parameters from its body waits for it
 * in a thread of the server. Tasks need no body, since their parameters may be in the address. Thread-safe.
 */
final class AdminBodies extends HttpFilter {
    /** Requests with a body at the same time. */
    static final int PLACES = 8;

    private static final long serialVersionUID = 1L;

    private final Semaphore places;

    AdminBodies() {
        this(PLACES);
    }

    /** @param places requests with a body at the same time; a test has more */
    AdminBodies(int places) {
        this.places = new Semaphore(places);
    }

    /** Places that are free. */
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
