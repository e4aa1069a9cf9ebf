package io.keck.ops;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Says in one word how this node is, for balancers and whoever starts and restarts nodes: 200 or 503 on the main port. A
 * database that is away makes the node "degraded" but, unless told otherwise, not unready: all nodes share it, and open
 * rooms go on.
 */
public final class HealthServlet extends HttpServlet {
    /** The gauge that is 1 while {@code /health} is 200. */
    public static final String READY = MetricNames.NODE_READY;

    private static final long serialVersionUID = 1L;

    /** How a node is; in lower case with hyphens it is what is answered. */
    public enum Status {
        /** All is well. */
        OK(true),
        /** The process works; nothing else is asked for. */
        ALIVE(true),
        /** Documents are edited but not saved now. */
        DEGRADED(true),
        /** Has no memory for more documents; those that are open go on. */
        CROWDED(true),
        /** Not yet. */
        STARTING(false),
        /** Takes no more connections. */
        DRAINING(false),
        /** Holds as much unsaved as it may: the next client is better off elsewhere. */
        FULL(false),
        /** The database is away, and a node is to be ready only while it is there. */
        NO_DATABASE(false),
        /** The room threads do nothing any more; only a restart helps. */
        STUCK(false);

        private final boolean good;

        Status(boolean good) {
            this.good = good;
        }

        /** Whether it is answered with 200. */
        public boolean isGood() {
            return good;
        }

        /** The word. */
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
