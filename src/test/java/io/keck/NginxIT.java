package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.Nginx;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import io.keck.testing.RawClient;
import io.keck.testing.RawClient.Refused;
import io.keck.testing.RawHttp;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Three nodes on one PostgreSQL behind a real nginx with the configuration of this repository. */
class NginxIT {
    /** So slowly does a node send its clients away here that a test can look at it meanwhile. */
    private static final String SLOW = "60s";

    private static final int TYPED = 3_000;
    private static final String QUICK = "200ms";

    private static final String FORWARDED = "proxy_set_header Forwarded \"\";";

    @TempDir
    private static Path dir;

    private static PostgresServer postgres;
    private static final List<KeckProcess> NODES = new ArrayList<>();
    private static Nginx nginx;
    private static int unique;

    @BeforeAll
    static void start() {
        postgres = PostgresServer.start(dir);
        postgres.execute("CREATE DATABASE nginx");
        for (int i = 0; i < 3; i++) {
            NODES.add(node(0, QUICK));
        }
        nginx = Nginx.start(dir, ports());
    }

    private static KeckProcess node(int port, String restartSpread) {
        return KeckProcess.on(postgres, "nginx", dir)
                .brief()
                .env("KECK_PORT", String.valueOf(port))
                .env("KECK_FORWARDED_HEADERS", "true")
                .with("socket.restartSpread", restartSpread)
                .start();
    }

    private static int[] ports() {
        return NODES.stream().mapToInt(KeckProcess::port).toArray();
    }

    @AfterAll
    static void stop() {
        if (nginx != null) {
            nginx.close();
        }
        NODES.forEach(KeckProcess::close);
        postgres.close();
    }

    /** The node that the last of those asked is. */
    private static int nodeOf(Nginx.Line line) {
        String address = line.nodes().get(line.nodes().size() - 1);
        return Arrays.stream(ports()).boxed().toList().indexOf(Integer.parseInt(address.split(":")[1]));
    }

    private static int nodeOf(Nginx by, String rawRoom) {
        String path = "/api/block/" + rawRoom + "/n" + ++unique;
        assertThat(by.ask("GET", path).status()).isEqualTo(404);
        return nodeOf(by.line(path));
    }

    private static long connections(int node) {
        return NODES.get(node).metric("keck.connections.open");
    }

    private static void awaitNoConnections() {
        for (int i = 0; i < NODES.size(); i++) {
            int node = i;
            Eventually.await("no connections", () -> connections(node) == 0);
        }
    }

    // ------------------------------------------------------------------ one room, one node

    private enum Spelling {
        SHORT,
        LOWER,
        UPPER;

        String of(String name) {
            StringBuilder spelled = new StringBuilder();
            for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
                char c = (char) (b & 0xff);
                boolean plain = c < 128 && (Character.isLetterOrDigit(c) || "-._~!$&'()*+,=:@".indexOf(c) >= 0);
                if (this == SHORT && plain) {
                    spelled.append(c);
                } else {
                    spelled.append(String.format(this == LOWER ? "%%%02x" : "%%%02X", b & 0xff));
                }
            }
            return spelled.toString();
        }
    }

    @Test
    void room_isOnOneNode_howeverItsNameIsSpelledAndWhateverIsAsked() {
        for (String name :
                List.of("plain", "with space", "100% a+b", "Grüße-世界-\uD83D\uDE00", "q?x=1#f", "a:b@c&d=e,f(g)'!")) {
            awaitNoConnections();
            List<SyncClient> clients = new ArrayList<>();
            try {
                Set<Integer> nodes = new HashSet<>();
                for (Spelling spelling : Spelling.values()) {
                    clients.add(SyncClient.join(nginx.room(spelling.of(name))));
                    for (String path :
                            List.of("/api/block/%s/b%d", "/api/blobs/%s/b%d", "/api/workspace/%s/blob/b%d")) {
                        String raw = path.formatted(spelling.of(name), ++unique);
                        assertThat(nginx.ask("GET", raw).status()).as(raw).isEqualTo(404);
                        nodes.add(nodeOf(nginx.line(raw)));
                    }
                }
                assertThat(nodes).as(name).hasSize(1);
                int node = nodes.iterator().next();
                assertThat(connections(node)).as(name).isEqualTo(Spelling.values().length);
                byte[] update = new Typist(++unique).type("one document");
                clients.get(0).write(update);
                for (SyncClient client : clients) {
                    client.await("the update", () -> client.missing(update).isEmpty());
                }
            } finally {
                clients.forEach(SyncClient::close);
            }
        }
    }

    /** All sockets of such a name meet on one node; the API finds it on each, whichever nginx takes. */
    @Test
    void nameWithASlash_isOneRoomOnEveryNode() {
        awaitNoConnections();
        byte[] update = new Typist(++unique).type("one document");
        try (SyncClient plain = SyncClient.join(nginx.room("org/team-1/doc"));
                SyncClient encoded = SyncClient.join(nginx.room("org%2Fteam-1%2fdoc"))) {
            assertThat(List.of(connections(0), connections(1), connections(2))).containsExactlyInAnyOrder(0L, 0L, 2L);
            plain.write(update);
            encoded.await("the update", () -> encoded.missing(update).isEmpty());
        }
        for (KeckProcess node : NODES) {
            assertThat(node.get("/api/block/org%2Fteam-1%2fdoc/client").statusCode())
                    .isEqualTo(200);
            assertThat(node.get("/api/block/org/client").statusCode()).isEqualTo(404);
            try (SyncClient late = SyncClient.join(node.room("org/team-1%2Fdoc"))) {
                late.await("the document", () -> late.missing(update).isEmpty());
            }
        }
        for (int i = 0; i < 6; i++) {
            assertThat(nginx.ask("GET", "/api/block/org%2Fteam-1%2fdoc/client?" + i)
                            .status())
                    .isEqualTo(200);
        }
        assertThat(nginx.ask("GET", "/collaboration/org//doc").status()).isEqualTo(400);
    }

    /** The twin: with a key that is not decoded, the check of the test before has to find rooms on several nodes. */
    @Test
    void check_findsARoomOnSeveralNodes_whenTheKeyIsNotDecoded() {
        try (Nginx raw = Nginx.start(
                dir, config -> Nginx.replaced(config, "map $uri $keck_room", "map $request_uri $keck_room"), ports())) {
            int apart = 0;
            for (int i = 0; i < 20; i++) {
                String name = "twin " + i;
                Set<Integer> nodes = new HashSet<>();
                for (Spelling spelling : Spelling.values()) {
                    nodes.add(nodeOf(raw, spelling.of(name)));
                }
                apart += nodes.size() > 1 ? 1 : 0;
            }
            assertThat(apart).isPositive();
        }
    }

    @Test
    void rooms_areSpreadOverAllNodes() {
        Set<Integer> nodes = new HashSet<>();
        for (int i = 0; i < 60; i++) {
            nodes.add(nodeOf(nginx, "spread-" + i));
        }
        assertThat(nodes).hasSize(3);
    }

    // ------------------------------------------------------------------ nodes that go

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stockClients_goOnOnAnotherNode_whenTheirsGoes(boolean killed) {
        String room = "leaving-" + killed;
        int node = nodeOf(nginx, room);
        try (NodeClients clients = NodeClients.start()) {
            for (String name : List.of("a", "b")) {
                clients.open(name, nginx.port(), room);
                clients.awareness(name, Map.of("name", name)); // without one it shows with its first renewal only
            }
            clients.awaitPresent(2, "a", "b");
            assertThat(connections(node)).isEqualTo(2);
            clients.edit("a", NodeClients.insert(0, "before "));
            clients.awaitEqual("a", "b");
            SyncClient watcher = SyncClient.join(nginx.room(room));
            CompletableFuture<?> typing = clients.type("a", TYPED);
            watcher.await("some of it", () -> watcher.updates() > 0);
            if (killed) {
                NODES.get(node).kill();
            } else {
                NODES.get(node).terminate();
            }
            typing.join();
            clients.edit("b", NodeClients.put("b", 1));
            watcher.raw().awaitEnd();
            byte[] seen = watcher.encode();
            clients.awaitEqual("a", "b");
            for (String name : List.of("a", "b")) {
                clients.awareness(name, Map.of("name", name, "again", true));
            }
            clients.awaitPresent(2, "a", "b");
            if (!killed) {
                assertThat(NODES.get(node).awaitExit(KeckProcess.PATIENCE)).isIn(0, 143);
                assertThat(NODES.get(node).log())
                        .contains("Everything is saved")
                        .doesNotContain("ERROR");
            }
            assertThat(clients.text("b")).hasSize("before ".length() + TYPED);
            NODES.set(node, node(NODES.get(node).port(), QUICK));
            try (SyncClient late = SyncClient.join(nginx.room(room))) {
                assertThat(late.missing(seen).isEmpty()).as("what was seen").isTrue();
            }
            watcher.close();
            clients.open("late", nginx.port(), room);
            clients.awaitEqual("a", "b", "late");
        } finally {
            if (!NODES.get(node).isAlive()) {
                NODES.set(node, node(NODES.get(node).port(), QUICK));
            }
        }
    }

    /** A node that goes down refuses with 503 while it still has clients; nginx asks the next one. */
    @Test
    void refusedUpgrade_isTakenByTheNextNode() throws InterruptedException {
        String room = "refused";
        int node = nodeOf(nginx, room);
        String path = "/collaboration/" + room;
        NODES.get(node).kill();
        NODES.set(node, node(NODES.get(node).port(), SLOW));
        SyncClient first = SyncClient.join(nginx.room(room));
        SyncClient second = SyncClient.join(nginx.room(room));
        try (Nginx strict = Nginx.start(
                dir,
                config -> Nginx.replaced(
                        config, "proxy_next_upstream error timeout http_503;", "proxy_next_upstream error timeout;"),
                ports())) {
            NODES.get(node).terminate();
            Eventually.await(
                    "the first to be sent away",
                    () -> first.raw().isEnded() || second.raw().isEnded());
            SyncClient sent = first.raw().isEnded() ? first : second;
            SyncClient left = sent == first ? second : first;
            assertThat(sent.raw().awaitEnd().code()).isEqualTo(1012);
            assertThat(left.raw().isEnded())
                    .as("the other, half a minute later")
                    .isFalse();
            assertThat(RawHttp.upgrade(NODES.get(node), path).status()).isEqualTo(503);
            assertThat(NODES.get(node).get("/health").statusCode()).isEqualTo(503);
            assertThat(status(strict, room)).as("the twin").isEqualTo(503);

            assertThat(nginx.ask("GET", "/health").status()).isEqualTo(200);
            try (SyncClient again = SyncClient.join(nginx.room(room))) {
                byte[] update = new Typist(++unique).type("from another node");
                again.write(update);
                left.await(
                        "the update over the database",
                        () -> left.missing(update).isEmpty());
            }
        } finally {
            first.close();
            second.close();
            NODES.get(node).kill();
            NODES.set(node, node(NODES.get(node).port(), QUICK));
        }
    }

    private static int status(Nginx by, String room) {
        try (RawClient client = RawClient.connect(by.room(room))) {
            return 101;
        } catch (Refused e) {
            return e.status;
        }
    }

    // ------------------------------------------------------------------ files

    @Test
    void largeBlob_goesThroughBothWays_inPiecesToo() throws IOException, InterruptedException {
        byte[] bytes = new byte[9 << 20];
        new Random(9).nextBytes(bytes);
        HttpResponse<String> stored = KeckProcess.HTTP.send(
                HttpRequest.newBuilder(nginx.uri("/api/blobs/files"))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(bytes))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(stored.statusCode()).as(stored.body()).isEqualTo(200);
        String path = "/api/workspace/files/blob/"
                + stored.body().split("\"id\":\"")[1].split("\"")[0];
        HttpResponse<byte[]> whole = KeckProcess.HTTP.send(
                HttpRequest.newBuilder(nginx.uri(path)).build(), HttpResponse.BodyHandlers.ofByteArray());
        assertThat(whole.statusCode()).isEqualTo(200);
        assertThat(Arrays.equals(whole.body(), bytes)).isTrue();
        HttpResponse<byte[]> part = KeckProcess.HTTP.send(
                HttpRequest.newBuilder(nginx.uri(path))
                        .header("Range", "bytes=5000000-5099999")
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.headers().firstValue("Content-Range")).hasValue("bytes 5000000-5099999/" + bytes.length);
        assertThat(part.body()).isEqualTo(Arrays.copyOfRange(bytes, 5_000_000, 5_100_000));
    }

    @Test
    void blobThatIsTooLarge_isRefusedByKeck() throws IOException, InterruptedException {
        HttpResponse<String> refused = KeckProcess.HTTP.send(
                HttpRequest.newBuilder(nginx.uri("/api/blobs/files"))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[11 << 20]))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(refused.statusCode()).isEqualTo(413);
        assertThat(refused.body()).doesNotContain("nginx");
    }

    // ------------------------------------------------------------------ who is there

    /** The address of a client, as a node sees it that the client comes to through nginx. */
    private static String addressSeen(Nginx by, String from, String headerLines) {
        String room = "who-" + ++unique;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), by.port(), InetAddress.getByName(from), 0)) {
            RawHttp answer = RawHttp.ask(socket, "GET", "/collaboration/" + room, RawHttp.UPGRADE + headerLines, "");
            assertThat(answer.status()).isEqualTo(101);
            List<String> seen = new ArrayList<>();
            Eventually.await("the connection", () -> {
                for (KeckProcess node : NODES) {
                    node.task("room?room=" + room)
                            .get("connections")
                            .forEach(c -> seen.add(c.get("address").asText()));
                }
                return !seen.isEmpty();
            });
            assertThat(seen).hasSize(1);
            return seen.get(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void address_isThatOfTheClient() {
        assertThat(addressSeen(nginx, "127.0.0.2", "")).isEqualTo("127.0.0.2");
        assertThat(addressSeen(nginx, "127.0.0.3", "")).isEqualTo("127.0.0.3");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Forwarded-For: 127.0.0.5",
                "Forwarded: for=127.0.0.5",
                "X-Forwarded-For: 127.0.0.5\r\nForwarded: for=127.0.0.5;host=x"
            })
    void address_cannotBeMadeUp(String header) {
        assertThat(addressSeen(nginx, "127.0.0.4", header + "\r\n")).isEqualTo("127.0.0.4");
    }

    /** The twin: when one header is let through, the check of the test before has to find it. */
    @Test
    void check_findsAnAddressThatWasMadeUp() {
        try (Nginx open = Nginx.start(dir, config -> Nginx.replaced(config, FORWARDED, ""), ports())) {
            assertThat(addressSeen(open, "127.0.0.4", "Forwarded: for=127.0.0.5\r\n"))
                    .isEqualTo("127.0.0.5");
        }
    }

    /** Tokens stand in queries. */
    @Test
    void logs_haveNoQueries() {
        String path = "/api/block/secrets/q" + ++unique;
        nginx.ask("GET", path + "?token=s3cr3t");
        assertThat(nginx.line(path).client()).isEqualTo("127.0.0.1");
        assertThat(nginx.log().toString()).doesNotContain("s3cr3t");
    }
}
