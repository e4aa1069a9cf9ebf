package io.keck.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Slow forms for tasks, in a real Jetty that has few threads. */
class AdminBodiesTest {
    private static final int THREADS = AdminBodies.PLACES + 6;
    private static final int SLOW = 40;

    private final QueuedThreadPool pool = new QueuedThreadPool(THREADS, THREADS);
    private final Server server = new Server(pool);
    private final ServerConnector connector = new ServerConnector(server, 1, 1);
    private final List<Socket> open = new ArrayList<>();

    /** Reads its parameters, which may be in the body. */
    static final class Task extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) {
            response.setStatus(request.getParameterMap().isEmpty() ? 400 : 200);
        }
    }

    private void start(AdminBodies filter) throws Exception {
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addFilter(new FilterHolder(filter), "/*", EnumSet.of(DispatcherType.REQUEST));
        context.addServlet(new ServletHolder(new Task()), "/*");
        server.setHandler(context);
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        for (Socket socket : open) {
            socket.close();
        }
        server.stop();
    }

    private Socket send(String headers) throws IOException {
        Socket socket = new Socket("127.0.0.1", connector.getLocalPort());
        socket.setSoTimeout(30_000);
        open.add(socket);
        socket.getOutputStream().write(("POST /tasks/" + headers).getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private Socket slow() throws IOException {
        return send("x HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                + "Content-Length: 1000\r\n\r\na=");
    }

    private static String status(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)).readLine();
    }

    @Test
    void slowForms_holdTheirPlaces_andNoMore() throws Exception {
        AdminBodies filter = new AdminBodies();
        start(filter);
        for (int i = 0; i < AdminBodies.PLACES; i++) {
            slow();
        }
        Eventually.await("places that are taken", () -> filter.free() == 0);
        for (int i = 0; i < SLOW; i++) {
            assertThat(status(slow())).contains(" 503 ");
        }
        assertThat(status(send("x?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")))
                .contains(" 200 ");
    }

    /** The twin: with places for everyone, slow forms hold every thread. */
    @Test
    void twin_withoutABound_slowFormsHoldEveryThread() throws Exception {
        start(new AdminBodies(SLOW));
        for (int i = 0; i < SLOW; i++) {
            slow();
        }
        Eventually.await("no thread that is left", () -> pool.getIdleThreads() == 0 && pool.getQueueSize() > 0);
    }
}
