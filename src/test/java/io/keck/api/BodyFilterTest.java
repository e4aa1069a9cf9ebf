package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
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

/** Slow bodies in a real Jetty that has few threads. */
class BodyFilterTest {
    private static final int THREADS = 12;
    private static final int SLOW = 40;

    private final QueuedThreadPool pool = new QueuedThreadPool(THREADS, THREADS);
    private final Server server = new Server(pool);
    private final ServerConnector connector = new ServerConnector(server, 1, 1);
    private final List<Socket> open = new ArrayList<>();
    private HeapLedger ledger = HeapLedger.unlimited();

    /** Reads the body to its end. */
    static final class Reads extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            request.getInputStream().readAllBytes();
        }

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) {
            response.setStatus(200);
        }
    }

    private void start(AddressShares places) throws Exception {
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addFilter(new FilterHolder(new BodyFilter(places, ledger)), "/*", EnumSet.of(DispatcherType.REQUEST));
        context.addServlet(new ServletHolder(new Reads()), "/*");
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

    private Socket send(String request) throws IOException {
        Socket socket = new Socket("127.0.0.1", connector.getLocalPort());
        socket.setSoTimeout(30_000);
        open.add(socket);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private Socket slow() throws IOException {
        return send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{");
    }

    private static String status(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)).readLine();
    }

    @Test
    void slowBodies_holdTheirPlaces_andNoMore() throws Exception {
        AddressShares places = new AddressShares(6, 3);
        start(places);
        for (int i = 0; i < 3; i++) {
            slow();
        }
        Eventually.await("three threads that wait", () -> places.taken() == 3);
        for (int i = 0; i < SLOW; i++) {
            assertThat(status(slow())).contains(" 429 ");
        }
        assertThat(status(send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n"))).contains(" 200 ");
        assertThat(status(send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")))
                .contains(" 200 ");
        assertThat(places.taken()).isEqualTo(3);
        open.get(0).close();
        Eventually.await("the end of one", () -> places.taken() == 2);
    }

    /** The twin: with places for everyone, slow bodies hold every thread, and nothing is answered. */
    @Test
    void twin_withoutAShare_slowBodiesHoldEveryThread() throws Exception {
        AddressShares places = new AddressShares(SLOW, SLOW);
        start(places);
        for (int i = 0; i < SLOW; i++) {
            slow();
        }
        Eventually.await(
                "no thread that is left",
                () -> places.taken() > 3 && pool.getIdleThreads() == 0 && pool.getQueueSize() > 0);
    }

    /** They have places of their own, whatever their address looks like. */
    @Test
    void uploadsOfBlobs_takeNoPlace_andNothingElsePassesForOne() throws Exception {
        AddressShares places = new AddressShares(1, 1);
        start(places);
        String rest = " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{";
        send("POST /api/blobs/w" + rest);
        send("POST /api/workspace/w/blob" + rest);
        send("POST /api/%62lobs/w" + rest);
        Eventually.await("three that are read", () -> pool.getIdleThreads() <= THREADS - 3);
        assertThat(places.taken()).isZero();
        send("POST /api/blobs/../block/w" + rest);
        Eventually.await("one that waits", () -> places.taken() == 1);
    }

    @Test
    void bodyForWhichThereIsNoMemory_isRefused() throws Exception {
        ledger = new HeapLedger(16 << 20);
        start(new AddressShares(6, 3));
        String large = "x".repeat(3 << 20);
        assertThat(status(send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                        + large.length() + "\r\n\r\n" + large)))
                .contains(" 503 ");
        Eventually.await("nothing left", () -> ledger.used() == 0);
    }
}
