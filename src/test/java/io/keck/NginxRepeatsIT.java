package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Nginx;
import io.keck.testing.RawHttp;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What nginx sends to a second node when the first one fails it: nodes are small servers that fail on purpose. */
class NginxRepeatsIT {
    private static final String BREAK_OFF = "";
    // these nodes close after each answer, and have to say so: else nginx takes the connection for one it may use again
    private static final String OK = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    private static final String UNKNOWN =
            "HTTP/1.1 503 Unavailable\r\nConnection: close\r\nKeck-Outcome: unknown\r\nRetry-After: 1\r\n"
                    + "Content-Length: 4\r\n\r\nwhat";

    /** Reads requests whole, and gives one answer to all, or none. */
    private static final class Node implements AutoCloseable {
        private final ServerSocket server;
        private final String answer;
        private final List<String> heads = new CopyOnWriteArrayList<>();

        Node(String answer) {
            this.answer = answer;
            try {
                server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Thread thread = new Thread(this::serve, "fake-node");
            thread.setDaemon(true);
            thread.start();
        }

        int port() {
            return server.getLocalPort();
        }

        private void serve() {
            while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                    BufferedReader in = new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
                    StringBuilder head = new StringBuilder();
                    int length = 0;
                    for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
                        head.append(line).append('\n');
                        if (line.startsWith("Content-Length: ")) {
                            length = Integer.parseInt(line.substring("Content-Length: ".length()));
                        }
                    }
                    in.skip(length);
                    heads.add(head.toString());
                    socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
                } catch (IOException e) {
                    // nginx went away, or the test has ended
                }
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }

    @TempDir
    private Path dir;

    private final List<Node> nodes = new ArrayList<>();
    private Nginx nginx;

    private void start(String answer) {
        for (int i = 0; i < 3; i++) {
            nodes.add(new Node(answer));
        }
        nginx = Nginx.start(
                dir, nodes.get(0).port(), nodes.get(1).port(), nodes.get(2).port());
    }

    @AfterEach
    void stop() throws IOException {
        for (Node node : nodes) {
            node.close();
        }
        if (nginx != null) {
            nginx.close();
        }
    }

    /** How often that request came to each node, and its status. */
    private RawHttp ask(String method, String path, String body) {
        nodes.forEach(node -> node.heads.clear());
        return RawHttp.ask(nginx.port(), method, path, "", body);
    }

    private List<Integer> times() {
        return nodes.stream().map(node -> node.heads.size()).toList();
    }

    private int total() {
        return times().stream().mapToInt(Integer::intValue).sum();
    }

    @Test
    void brokenOff_goesToEveryNode_butPostToOne() {
        start(BREAK_OFF);
        assertThat(ask("GET", "/api/block/r", "").status()).isEqualTo(502);
        assertThat(times()).containsExactly(1, 1, 1);
        assertThat(ask("POST", "/api/block/r/array/a", "{\"action\":\"push\",\"value\":1}")
                        .status())
                .isEqualTo(502);
        assertThat(total()).as("POST").isEqualTo(1);
        assertThat(ask("PUT", "/api/workspace/r/blob", "bytes").status()).isEqualTo(502);
        assertThat(times()).as("the same bytes are the same file").containsExactly(1, 1, 1);

        assertThat(ask("DELETE", "/api/block/r/array/a/0", "").status()).isEqualTo(502);
        assertThat(times()).containsExactly(1, 1, 1);
        List<String> keys = nodes.stream().map(node -> key(node.heads.get(0))).toList();
        assertThat(keys.get(0)).as("so that it is applied once").hasSize(32);
        assertThat(keys).containsOnly(keys.get(0));
    }

    private static String key(String head) {
        return head.lines()
                .filter(line -> line.startsWith("Idempotency-Key: "))
                .map(line -> line.substring("Idempotency-Key: ".length()))
                .findFirst()
                .orElse("");
    }

    @Test
    void unavailable_readsGoToEveryNode_writesComeBackWithTheirOutcome() {
        start(UNKNOWN);
        assertThat(ask("GET", "/collaboration/r", "").status()).isEqualTo(503);
        assertThat(times()).containsExactly(1, 1, 1);
        RawHttp answer = ask("POST", "/api/block/r/array/a", "{}");
        assertThat(total()).as("POST").isEqualTo(1);
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.headers()).containsEntry("Keck-Outcome", "unknown").containsEntry("Retry-After", "1");
        assertThat(answer.body()).isEqualTo("what");
    }

    /** No node is counted out: what many requests of one client got does not decide about the next one's. */
    @Test
    void manyFailures_leaveEveryNodeInService() {
        start(UNKNOWN);
        for (int i = 0; i < 20; i++) {
            ask("GET", "/api/block/r", "");
        }
        assertThat(ask("GET", "/api/block/r", "").status()).as("not 502").isEqualTo(503);
        assertThat(times()).containsExactly(1, 1, 1);
    }

    @Test
    void stoppedNodes_costNothing_notEvenWrites() {
        Node alive = new Node(OK);
        nodes.add(alive);
        nginx = Nginx.start(dir, Nginx.freePort(), alive.port(), Nginx.freePort());
        for (int i = 0; i < 12; i++) {
            assertThat(ask("POST", "/api/block/room-" + i, "{}").status()).isEqualTo(200);
            assertThat(total()).isEqualTo(1);
        }
    }

    @Test
    void keyOfTheClient_isKept_andWritesGetNone() {
        start(OK);
        RawHttp.ask(nginx.port(), "DELETE", "/api/block/r/array/a/0", "Idempotency-Key: mine\r\n", "");
        assertThat(nodes.stream().flatMap(node -> node.heads.stream()).map(NginxRepeatsIT::key))
                .containsExactly("mine");
        ask("POST", "/api/block/r", "");
        assertThat(nodes.stream().flatMap(node -> node.heads.stream()).map(NginxRepeatsIT::key))
                .containsExactly("");
    }

    /** What belongs to no room is handed out in turn. */
    @Test
    void requestsWithoutARoom_goToAllNodesInTurn() {
        start(OK);
        for (int i = 0; i < 60; i++) {
            RawHttp.ask(nginx.port(), "GET", "/health", "", "");
        }
        assertThat(times()).allMatch(n -> n >= 15);
    }
}
