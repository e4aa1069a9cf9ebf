package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.websocket.jakarta.common.JakartaWebSocketSession;
import org.eclipse.jetty.ee10.websocket.jakarta.server.config.JakartaWebSocketServletContainerInitializer;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.Test;

/** How many of Jetty's network buffers an unfinished message keeps, in a real Jetty. */
class FrameBuffersTest {
    private static final int FRAGMENTS = 200;

    /** Public only because Jetty demands it. */
    public static final class OwnAssembly extends Endpoint {
        @Override
        public void onOpen(Session session, EndpointConfig config) {
            ReadGate.of(((JakartaWebSocketSession) session).getCoreSession())
                    .frames()
                    .listen(new FrameAssembly.Listener() {
                        @Override
                        public int maxBytes() {
                            return 1 << 20;
                        }

                        @Override
                        public boolean mayGrow(long bytes) {
                            return true;
                        }

                        @Override
                        public void shrunk(long bytes) {}

                        @Override
                        public void heard(int bytes) {}

                        @Override
                        public boolean isClosing() {
                            return false;
                        }

                        @Override
                        public boolean isBrief(byte[] message) {
                            return true;
                        }

                        @Override
                        public void message(byte[] message) {}

                        @Override
                        public void refused(FrameAssembly.Fault fault) {}
                    });
        }
    }

    /** Public only because Jetty demands it. */
    public static final class JakartasOwn extends Endpoint {
        @Override
        public void onOpen(Session session, EndpointConfig config) {
            session.addMessageHandler(new MessageHandler.Whole<byte[]>() {
                @Override
                public void onMessage(byte[] frame) {}
            });
        }
    }

    @Test
    void unfinishedMessage_keepsNoBuffer() throws Exception {
        assertThat(buffersKept(OwnAssembly.class)).isLessThan(5);
    }

    /** The twin: without the assembly each fragment keeps the buffer that it came in. */
    @Test
    void withoutTheAssembly_everyFragmentKeepsABuffer() throws Exception {
        assertThat(buffersKept(JakartasOwn.class)).isGreaterThanOrEqualTo(FRAGMENTS);
    }

    private static int buffersKept(Class<? extends Endpoint> endpoint) throws Exception {
        ArrayByteBufferPool.Tracking pool = new ArrayByteBufferPool.Tracking();
        Server server = new Server(new QueuedThreadPool(), null, pool);
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        JakartaWebSocketServletContainerInitializer.configure(context, (servletContext, container) -> {
            container.addEndpoint(ServerEndpointConfig.Builder.create(endpoint, SocketFactory.TEMPLATE)
                    .build());
            SocketFactory.addGate(context);
        });
        server.setHandler(context);
        server.start();
        try (Socket socket = new Socket("127.0.0.1", connector.getLocalPort())) {
            socket.setTcpNoDelay(true);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            out.write(("GET /collaboration/x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            readHeaders(in);
            for (int i = 0; i < FRAGMENTS; i++) {
                out.write(new byte[] {(byte) (i == 0 ? 2 : 0), (byte) 0x81, 0, 0, 0, 0, 65});
                out.write(
                        new byte[] {(byte) 0x89, (byte) 0x80, 0, 0, 0, 0}); // the pong says that the fragment was read
                assertThat(in.readUnsignedShort()).isEqualTo(0x8a00);
            }
            return pool.getLeaks().size();
        } finally {
            server.stop();
        }
    }

    private static void readHeaders(DataInputStream in) throws IOException {
        int last = 0;
        while (last != 0x0d0a0d0a) {
            last = last << 8 | in.readUnsignedByte();
        }
    }
}
