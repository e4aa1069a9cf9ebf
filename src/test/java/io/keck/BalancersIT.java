package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Balancer;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import io.keck.testing.RawHttp;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Three nodes on one PostgreSQL behind the balancers other than nginx that this repository has a configuration for. */
class BalancersIT {
    private static final int TYPED = 1_000;

    @TempDir
    private static Path dir;

    private static PostgresServer postgres;
    private static final List<KeckProcess> NODES = new ArrayList<>();
    private static int unique;

    @BeforeAll
    static void start() {
        postgres = PostgresServer.start(dir);
        for (int i = 0; i < 3; i++) {
            NODES.add(node(0));
        }
    }

    private static KeckProcess node(int port) {
        return KeckProcess.on(postgres, "postgres", dir)
                .brief()
                .env("KECK_PORT", String.valueOf(port))
                .env("KECK_FORWARDED_HEADERS", "true")
                .start();
    }

    @AfterAll
    static void stop() {
        NODES.forEach(KeckProcess::close);
        postgres.close();
    }

    private static Balancer start(Balancer.Kind kind) {
        return Balancer.start(kind, dir, ports());
    }

    private static int[] ports() {
        return NODES.stream().mapToInt(KeckProcess::port).toArray();
    }

    private static List<Long> connections() {
        return NODES.stream().map(node -> node.metric("keck.connections.open")).toList();
    }

    private static void awaitNoConnections() {
        Eventually.await("no connections", () -> connections().stream().allMatch(n -> n == 0));
    }

    @ParameterizedTest
    @EnumSource(Balancer.Kind.class)
    void clientsOfARoom_meetOnOneNode_andRoomsAreSpread(Balancer.Kind kind) {
        try (Balancer balancer = start(kind)) {
            awaitNoConnections();
            // what is asked over HTTP goes there as well, and finds the room loaded
            String room = "room%20" + ++unique;
            try (SyncClient one = SyncClient.join(balancer.room(room));
                    SyncClient two = SyncClient.join(balancer.room(room.replace("r", "%72")))) {
                assertThat(connections()).containsExactlyInAnyOrder(0L, 0L, 2L);
                byte[] update = new Typist(++unique).type("one document");
                one.write(update);
                two.await("the update", () -> two.missing(update).isEmpty());
                assertThat(balancer.ask("GET", "/api/block/" + room + "/client").status())
                        .isEqualTo(200);
            }
            awaitNoConnections();
            List<SyncClient> many = IntStream.range(0, 24)
                    .mapToObj(i -> SyncClient.join(balancer.room("spread-" + i)))
                    .toList();
            try {
                assertThat(connections()).allMatch(n -> n > 0);
            } finally {
                many.forEach(SyncClient::close);
            }
        }
    }

    /** The twin: where rooms are no key, two clients of some room are on two nodes. */
    @Test
    void check_findsARoomOnTwoNodes_whereItIsNoKey() {
        try (Balancer blind = Balancer.start(
                Balancer.Kind.HAPROXY,
                dir,
                config -> config.replace("balance hash var(txn.room)", "balance roundrobin"),
                ports())) {
            awaitNoConnections();
            try (SyncClient one = SyncClient.join(blind.room("twin"));
                    SyncClient two = SyncClient.join(blind.room("twin"))) {
                assertThat(connections()).containsExactlyInAnyOrder(0L, 1L, 1L);
                assertThat(one.raw().isEnded() || two.raw().isEnded()).isFalse();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Balancer.Kind.class)
    void stockClients_goOn_whenTheirNodeEnds(Balancer.Kind kind) {
        for (boolean killed : new boolean[] {true, false}) {
            String room = "leaving-" + ++unique;
            int gone = -1;
            try (Balancer balancer = start(kind);
                    NodeClients clients = NodeClients.start()) {
                awaitNoConnections();
                for (String name : List.of("a", "b")) {
                    clients.open(name, balancer.port(), room);
                }
                clients.edit("a", NodeClients.insert(0, "before "));
                clients.awaitEqual("a", "b");
                gone = connections().indexOf(2L);
                CompletableFuture<?> typing = clients.type("a", TYPED);
                if (killed) {
                    NODES.get(gone).kill();
                } else {
                    NODES.get(gone).terminate();
                }
                typing.join();
                clients.edit("b", NodeClients.put("b", 1));
                clients.awaitEqual("a", "b");
                assertThat(clients.text("b")).hasSize("before ".length() + TYPED);
            } finally {
                if (gone >= 0) {
                    NODES.get(gone).awaitExit(KeckProcess.PATIENCE);
                    NODES.set(gone, node(NODES.get(gone).port()));
                }
            }
        }
    }

    /** HAProxy alone asks the next node; behind Caddy the check of health does it a second later. */
    @Test
    void refusal_isTakenToTheNextNode() {
        try (Balancer balancer = start(Balancer.Kind.HAPROXY)) {
            awaitNoConnections();
            try (SyncClient first = SyncClient.join(balancer.room("refused"))) {
                int node = connections().indexOf(1L);
                NODES.get(node).postAdmin("/tasks/drain");
                first.raw().awaitEnd();
                try (SyncClient again = SyncClient.join(balancer.room("refused"))) {
                    assertThat(connections().get(node)).isZero();
                    assertThat(again.raw().isEnded()).isFalse();
                }
                NODES.get(node).postAdmin("/tasks/undrain");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Balancer.Kind.class)
    void address_isThatOfTheClient_andCannotBeMadeUp(Balancer.Kind kind) throws IOException {
        try (Balancer balancer = start(kind)) {
            for (String header : List.of(
                    "",
                    "X-Forwarded-For: 127.0.0.5\r\n",
                    "Forwarded: for=127.0.0.5\r\n",
                    "forwarded: for=127.0.0.5\r\nx-forwarded-proto: https\r\n")) {
                String room = "who-" + ++unique;
                try (Socket socket = new Socket(
                        InetAddress.getLoopbackAddress(), balancer.port(), InetAddress.getByName("127.0.0.4"), 0)) {
                    RawHttp answer = RawHttp.ask(socket, "GET", "/collaboration/" + room, RawHttp.UPGRADE + header, "");
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
                    assertThat(seen).as(header).containsExactly("127.0.0.4");
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Balancer.Kind.class)
    void largeBlob_goesThroughBothWays_andQueriesAreInNoLog(Balancer.Kind kind)
            throws IOException, InterruptedException {
        byte[] bytes = new byte[9 << 20];
        new Random(9).nextBytes(bytes);
        try (Balancer balancer = start(kind)) {
            HttpResponse<String> stored = KeckProcess.HTTP.send(
                    HttpRequest.newBuilder(balancer.uri("/api/blobs/files?token=s3cr3t"))
                            .POST(HttpRequest.BodyPublishers.ofByteArray(bytes))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(stored.statusCode()).as(stored.body()).isEqualTo(200);
            String path = "/api/workspace/files/blob/"
                    + stored.body().split("\"id\":\"")[1].split("\"")[0];
            HttpResponse<byte[]> whole = KeckProcess.HTTP.send(
                    HttpRequest.newBuilder(balancer.uri(path)).build(), HttpResponse.BodyHandlers.ofByteArray());
            assertThat(whole.statusCode()).isEqualTo(200);
            assertThat(whole.body()).isEqualTo(bytes);
            assertThat(balancer.log()).doesNotContain("s3cr3t");
        }
    }
}
