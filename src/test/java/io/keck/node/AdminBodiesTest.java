package io.keck.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.FilterServer;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Slow forms for tasks, in a real Jetty that has few threads. */
class AdminBodiesTest {
    private static final int THREADS = AdminBodies.PLACES + 6;
    private static final int SLOW = 40;

    @RegisterExtension
    final FilterServer server = new FilterServer(THREADS);

    /** Reads its parameters, which may be in the body. */
    static final class Task extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) {
            response.setStatus(request.getParameterMap().isEmpty() ? 400 : 200);
        }
    }

    private Socket send(String headers) throws IOException {
        return server.send("POST /tasks/" + headers);
    }

    private Socket slow() throws IOException {
        return send("x HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                + "Content-Length: 1000\r\n\r\na=");
    }

    @Test
    void slowForms_holdTheirPlaces_andNoMore() throws Exception {
        AdminBodies filter = new AdminBodies();
        server.start(filter, new Task());
        for (int i = 0; i < AdminBodies.PLACES; i++) {
            slow();
        }
        Eventually.await("places that are taken", () -> filter.free() == 0);
        for (int i = 0; i < SLOW; i++) {
            assertThat(FilterServer.status(slow())).contains(" 503 ");
        }
        assertThat(FilterServer.status(send("x?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")))
                .contains(" 200 ");
    }

    /** The twin: with places for everyone, slow forms hold every thread. */
    @Test
    void twin_withoutABound_slowFormsHoldEveryThread() throws Exception {
        server.start(new AdminBodies(SLOW), new Task());
        for (int i = 0; i < SLOW; i++) {
            slow();
        }
        Eventually.await(
                "no thread that is left",
                () -> server.pool().getIdleThreads() == 0 && server.pool().getQueueSize() > 0);
    }
}
