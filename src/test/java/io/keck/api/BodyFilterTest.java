package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.testing.Eventually;
import io.keck.testing.FilterServer;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Slow bodies in a real Jetty that has few threads. */
class BodyFilterTest {
    private static final int THREADS = 12;
    private static final int SLOW = 40;

    @RegisterExtension
    final FilterServer server = new FilterServer(THREADS);

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
        server.start(new BodyFilter(places, ledger), new Reads());
    }

    private Socket slow() throws IOException {
        return server.send(
                "POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{");
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
            assertThat(FilterServer.status(slow())).contains(" 429 ");
        }
        assertThat(FilterServer.status(server.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")))
                .contains(" 200 ");
        assertThat(FilterServer.status(server.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")))
                .contains(" 200 ");
        assertThat(places.taken()).isEqualTo(3);
        server.open().get(0).close();
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
                () -> places.taken() > 3
                        && server.pool().getIdleThreads() == 0
                        && server.pool().getQueueSize() > 0);
    }

    /** They have places of their own, whatever their address looks like. */
    @Test
    void uploadsOfBlobs_takeNoPlace_andNothingElsePassesForOne() throws Exception {
        AddressShares places = new AddressShares(1, 1);
        start(places);
        String rest = " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{";
        server.send("POST /api/blobs/w" + rest);
        server.send("POST /api/workspace/w/blob" + rest);
        server.send("POST /api/%62lobs/w" + rest);
        Eventually.await("three that are read", () -> server.pool().getIdleThreads() <= THREADS - 3);
        assertThat(places.taken()).isZero();
        server.send("POST /api/blobs/../block/w" + rest);
        Eventually.await("one that waits", () -> places.taken() == 1);
    }

    @Test
    void bodyForWhichThereIsNoMemory_isRefused() throws Exception {
        ledger = new HeapLedger(16 << 20);
        start(new AddressShares(6, 3));
        String large = "x".repeat(3 << 20);
        assertThat(FilterServer.status(
                        server.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                                + large.length() + "\r\n\r\n" + large)))
                .contains(" 503 ");
        Eventually.await("nothing left", () -> ledger.used() == 0);
    }
}
