package io.keck.ops;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.Supplier;

/**
 * {@code GET /health} on the main port, for balancers: 200 while this node takes connections, 503 while it goes down. A
 * database that is away makes the node "degraded" but not unready: all nodes share it, and open rooms go on.
 */
public final class HealthServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    /** How a node is. */
    public enum Status {
        /** All is well. */
        OK,
        /** Documents are edited but not saved now. */
        DEGRADED,
        /** Takes no more connections. */
        DRAINING
    }

    private final transient Supplier<Status> status;

    /** @param status asked on every request, so it must be cheap */
    public HealthServlet(Supplier<Status> status) {
        this.status = status;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Status now = status.get();
        response.setStatus(now == Status.DRAINING ? 503 : 200);
        response.setContentType("application/json");
        response.setHeader("Cache-Control", "no-store");
        response.getOutputStream()
                .print(
                        switch (now) {
                            case OK -> "{\"status\":\"ok\"}";
                            case DEGRADED -> "{\"status\":\"degraded\"}";
                            case DRAINING -> "{\"status\":\"draining\"}";
                        });
    }
}
