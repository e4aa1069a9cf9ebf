package io.keck.ops;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Reports the state of this node in one word, for load balancers and for the systems that start and restart nodes: 200
 * or 503 on the main port. A database that does not answer makes the node "degraded" but, by default, not unready: all
 * nodes share the database, and open rooms continue.
 */
public final class HealthServlet extends HttpServlet {
    /** The gauge that is 1 while {@code /health} is 200. */
    public static final String READY = MetricNames.NODE_READY;

    private static final long serialVersionUID = 1L;

    /** The state of a node; in lower case with hyphens it is the answer. */
    public enum Status {
        /** All is well. */
        OK(true),
        /** The process works: the answer of the liveness check, which checks nothing else. */
        ALIVE(true),
        /** Documents can be edited, but edits are not saved at the moment. */
        DEGRADED(true),
        /** The node has no memory for more documents; open documents continue. */
        CROWDED(true),
        /** The node is still starting. */
        STARTING(false),
        /** The node accepts no new connections. */
        DRAINING(false),
        /** The node has reached its limit of unsaved edits: the next client should connect to another node. */
        FULL(false),
        /** The database does not answer, and the node is configured to be ready only while it does. */
        NO_DATABASE(false),
        /** The room threads have stopped working; only a restart helps. */
        STUCK(false);

        private final boolean good;

        Status(boolean good) {
            this.good = good;
        }

        /** Whether the HTTP status is 200. */
        public boolean isGood() {
            return good;
        }

        /** The word of the answer. */
        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private final transient Supplier<Status> status;

    /** @param status asked on every request, so it must be cheap */
    public HealthServlet(Supplier<Status> status) {
        this.status = status;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Status now = status.get();
        response.setStatus(now.isGood() ? 200 : 503);
        response.setContentType("application/json");
        response.setHeader("Cache-Control", "no-store");
        response.getOutputStream().print("{\"status\":\"" + now.word() + "\"}");
    }
}
