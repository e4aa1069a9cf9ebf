package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpointConfig;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.websocket.jakarta.common.JakartaWebSocketSession;
import org.eclipse.jetty.ee10.websocket.jakarta.server.config.JakartaWebSocketServletContainerInitializer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Jetty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A gate in a real Jetty. */
class ReadGateTest {
    private final Server server = new Server();
    private final ExecutorService room = Executors.newSingleThreadExecutor();
    private final HttpClient http = HttpClient.newHttpClient();
    private static volatile MessageHandler.Whole<byte[]> handler = bytes -> {};
    private static volatile ReadGate gate;

    /** Public only because Jetty demands it. */
    public static final class Gated extends Endpoint {
        @Override
        public void onOpen(Session session, EndpointConfig config) {
            gate = ReadGate.of(((JakartaWebSocketSession) session).getCoreSession());
            session.addMessageHandler(new MessageHandler.Whole<byte[]>() {
                @Override
                public void onMessage(byte[] frame) {
                    handler.onMessage(frame);
                }
            });
        }
    }

    @BeforeEach
    void start() throws Exception {
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        JakartaWebSocketServletContainerInitializer.configure(context, (servletContext, container) -> {
            container.addEndpoint(ServerEndpointConfig.Builder.create(Gated.class, SocketFactory.TEMPLATE)
                    .build());
            SocketFactory.addGate(context);
        });
        server.setHandler(context);
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        room.shutdownNow();
        server.stop();
    }

    private WebSocket connect() {
        URI uri = URI.create("ws://127.0.0.1:" + server.getURI().getPort() + "/collaboration/gate");
        return http.newWebSocketBuilder()
                .buildAsync(uri, new WebSocket.Listener() {})
                .join();
    }

    /**
     * Before 12.1.10 (jetty.project issue 14528) a demand that came just when Jetty stopped for want of one was lost, and
     * nothing was read any more. The moment is too short to be met on purpose, so this looks at the version only.
     */
    @Test
    void jetty_isNewEnoughToHearEveryDemand() {
        assertThat(Runtime.Version.parse(Jetty.VERSION)).isGreaterThanOrEqualTo(Runtime.Version.parse("12.1.10"));
    }

    @Test
    void gateThatOpensJustWhenReadingStops_missesNothing() throws Exception {
        int messages = 3_000;
        CountDownLatch left = new CountDownLatch(messages);
        handler = frame -> {
            gate.close();
            room.execute(() -> {
                left.countDown();
                gate.open();
            });
        };
        WebSocket client = connect();

        for (int i = 0; i < messages; i++) {
            var sent = client.sendBinary(ByteBuffer.allocate(8), true);
            try {
                sent.get(30, TimeUnit.SECONDS);
            } catch (java.util.concurrent.TimeoutException e) {
                break; // the server reads no more
            }
        }

        assertThat(left.await(30, TimeUnit.SECONDS))
                .as("%s of %s messages were not read", left.getCount(), messages)
                .isTrue();
        client.abort();
    }

    /** A client that has sent 100 messages to a handler that holds the gate when the first arrives. */
    private final class Held {
        private final AtomicInteger seen = new AtomicInteger();
        private final CountDownLatch all = new CountDownLatch(100);
        private final WebSocket client;

        Held(Runnable hold) throws Exception {
            CountDownLatch first = new CountDownLatch(1);
            handler = frame -> {
                if (seen.incrementAndGet() == 1) {
                    hold.run();
                }
                first.countDown();
                all.countDown();
            };
            client = connect();
            for (int i = 0; i < 100; i++) {
                client.sendBinary(ByteBuffer.allocate(8), true).get(30, TimeUnit.SECONDS);
            }
            assertThat(first.await(30, TimeUnit.SECONDS)).isTrue();
        }

        void assertClosed() throws Exception {
            assertThat(gate.isClosed()).isTrue();
            assertThat(all.await(100, TimeUnit.MILLISECONDS)).isFalse();
            assertThat(seen.get()).isEqualTo(1);
        }

        void assertAllReadOnceOpen() throws Exception {
            gate.open();
            assertThat(all.await(30, TimeUnit.SECONDS)).isTrue();
            client.abort();
        }
    }

    @Test
    void closedGate_letsNothingThroughUntilItOpens() throws Exception {
        Held held = new Held(() -> gate.close());

        held.assertClosed();

        held.assertAllReadOnceOpen();
    }

    /** A room that has caught up opens the gate for itself alone: a peer that is slowed stays slowed, and the other way round. */
    @Test
    void gate_isOpenWhenNobodyHoldsIt() throws Exception {
        Held held = new Held(() -> {
            gate.slow(true);
            gate.close();
        });
        gate.open();
        assertThat(gate.isClosed()).isTrue();
        gate.close();
        gate.slow(false);

        held.assertClosed();

        held.assertAllReadOnceOpen();
    }
}
