package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.RedisServer;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tasks of the admin port, on two nodes of one database. */
class TasksIT {
    private static final int KICKED = 4403;
    private static final int RESTART = 1012;

    @TempDir
    private static Path files;

    private static PostgresServer postgres;

    @TempDir
    private Path dir;

    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void startPostgres() {
        postgres = PostgresServer.start(files);
    }

    @AfterAll
    static void stopPostgres() {
        postgres.close();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable closeable : open) {
            closeable.close();
        }
    }

    private <T extends AutoCloseable> T closing(T closeable) {
        open.add(closeable);
        return closeable;
    }

    private KeckProcess node(String database, String redis) {
        KeckProcess.Setup setup = KeckProcess.on(postgres, database, dir).brief();
        return closing((redis.isEmpty() ? setup : setup.env("REDIS_URL", redis)).start());
    }

    private SyncClient join(KeckProcess node, String room) {
        return closing(SyncClient.join(node.room(room)));
    }

    @Test
    void rooms_areListedAndInspectedAndFolded() {
        postgres.execute("CREATE DATABASE tasks1");
        KeckProcess node = node("tasks1", "");
        for (int i = 0; i < 5; i++) {
            SyncClient client = join(node, "room" + i);
            Typist typist = new Typist(7);
            for (int n = 0; n <= i; n++) {
                client.write(typist.type("word "));
                client.awaitRead(7, n + 1);
            }
        }
        Eventually.await("all to be saved", () -> {
            boolean saved = true;
            for (JsonNode room : node.task("rooms").get("rooms")) {
                saved &= room.get("applied").asInt() > 0
                        && room.get("waitingBytes").asLong() == 0;
            }
            return saved;
        });
        JsonNode page = node.task("rooms?offset=3&limit=1");
        assertThat(page.get("total").asInt()).isEqualTo(5);
        assertThat(page.get("rooms")).hasSize(1);
        JsonNode room = page.get("rooms").get(0);
        assertThat(room.get("name").asText()).isEqualTo("room3");
        assertThat(room.get("connections").asInt()).isEqualTo(1);
        int applied = room.get("applied").asInt();
        assertThat(room.get("waitingBytes").asInt()).isZero();
        assertThat(node.task("rooms?limit=x").get("error").asText()).contains("limit must be a number");

        JsonNode one = node.task("room?room=room3");
        assertThat(one.get("connections").get(0).get("address").asText()).isEqualTo("127.0.0.1");
        assertThat(one.get("stored").get("rows").asInt()).isEqualTo(applied);
        assertThat(one.get("stored").get("snapshot").asInt()).isZero();
        assertThat(node.task("compact?room=room3").get("folded").asBoolean()).isTrue();
        assertThat(node.task("compact?room=room3").get("folded").asBoolean()).isFalse();
        assertThat(node.task("room?room=room3").get("stored").get("snapshot").asInt())
                .isEqualTo(applied);
        assertThat(node.task("room?room=nobody").get("stored").isNull()).isTrue();
        assertThat(node.task("room").get("error").asText()).contains("room is missing");
    }

    @Test
    void kick_endsOneConnectionOrAllOnAllNodes() {
        postgres.execute("CREATE DATABASE tasks2");
        RedisServer redis = closing(RedisServer.start(dir));
        KeckProcess one = node("tasks2", redis.url());
        KeckProcess two = node("tasks2", redis.url());
        for (KeckProcess node : List.of(one, two)) {
            Eventually.await("the bus", () -> node.healthCheck("redis"));
        }
        SyncClient other = join(two, "other");
        SyncClient here = join(one, "room");
        SyncClient there = join(two, "room");
        String id =
                two.task("room?room=room").get("connections").get(0).get("id").asText();
        JsonNode answer = one.task("kick?room=room&connection=" + id);
        assertThat(answer.get("endedHere").asInt()).isZero();
        assertThat(answer.get("toldBus").asBoolean()).isTrue();
        assertThat(there.raw().awaitEnd().code()).isEqualTo(KICKED);

        SyncClient again = join(two, "room");
        assertThat(one.task("kick?room=room").get("endedHere").asInt()).isEqualTo(1);
        assertThat(here.raw().awaitEnd().code()).isEqualTo(KICKED);
        assertThat(again.raw().awaitEnd().code()).isEqualTo(KICKED);
        assertThat(other.raw().isEnded()).isFalse();
        redis.kill();
        Eventually.await("the bus to be away", () -> !one.healthCheck("redis"));
        SyncClient last = join(two, "another");
        assertThat(one.task("kick?room=another").get("toldBus").asBoolean()).isFalse();
        assertThat(last.raw().awaitEnd().code()).isEqualTo(KICKED); // found in the database
    }

    @Test
    void kick_withoutABus_goesThroughTheDatabaseOnce() {
        postgres.execute("CREATE DATABASE tasks3");
        KeckProcess one = node("tasks3", "");
        assertThat(one.task("kick?room=room").get("toldDatabase").asBoolean()).isTrue();
        KeckProcess two = node("tasks3", "");
        SyncClient there = join(two, "room");
        assertThat(one.task("kick?room=room").get("endedHere").asInt()).isZero();
        assertThat(there.raw().awaitEnd().code()).isEqualTo(KICKED);
        SyncClient again = join(two, "room");
        SyncClient marker = join(two, "marker");
        one.task("kick?room=marker");
        assertThat(marker.raw().awaitEnd().code()).isEqualTo(KICKED);
        assertThat(again.raw().isEnded()).isFalse();
    }

    @Test
    void bench_measuresAServerAndLeavesNothingBehind_thenItIsDrainedAndTakesClientsBack() {
        KeckProcess node = closing(KeckProcess.in(dir).brief().start());
        KeckProcess.Setup setup = KeckProcess.in(dir).brief();
        try (KeckProcess bench = setup.words(
                        "bench",
                        "--rooms",
                        "2",
                        "--clients",
                        "3",
                        "--rate",
                        "20",
                        "--seconds",
                        "1",
                        "ws://127.0.0.1:" + node.port())
                .launch()) {
            assertThat(bench.awaitExit(KeckProcess.PATIENCE)).as(bench.log()).isZero();
            assertThat(bench.log()).contains("6 connected", "missing: 0", "p99.9");
            long sent = Long.parseLong(bench.log().replaceAll("(?s).*Sent: +(\\d+).*", "$1"));
            long received = Long.parseLong(bench.log().replaceAll("(?s).*Received: +(\\d+).*", "$1"));
            assertThat(sent).isPositive();
            assertThat(received).isEqualTo(2 * sent);
        }
        assertThat(node.task("rooms").get("total").asInt()).isZero();
        assertThat(node.get("/api/block/none").statusCode()).isEqualTo(404);
        try (KeckProcess bench =
                KeckProcess.in(dir).brief().words("bench", "ws://127.0.0.1:1").launch()) {
            assertThat(bench.awaitExit(KeckProcess.PATIENCE)).isEqualTo(1);
            assertThat(bench.log()).contains("not connected");
        }
        try (KeckProcess bench =
                KeckProcess.in(dir).brief().words("bench", "http://127.0.0.1:1").launch()) {
            assertThat(bench.awaitExit(KeckProcess.PATIENCE)).isEqualTo(1);
            assertThat(bench.log()).contains("begin with ws://");
        }
        assertDrainsAndComesBack(node);
    }

    private void assertDrainsAndComesBack(KeckProcess node) {
        SyncClient client = join(node, "room");
        assertThat(node.send("POST", "/api/block/room").statusCode()).isEqualTo(200);
        assertThat(node.task("drain").get("connections").asInt()).isEqualTo(1);
        assertThat(client.raw().awaitEnd().code()).isEqualTo(RESTART);
        assertThat(node.get("/health").statusCode()).isEqualTo(503);
        assertThat(node.get("/api/block/room").statusCode()).isEqualTo(200);
        assertThat(node.task("undrain").get("draining").asBoolean()).isFalse();
        assertThat(node.get("/health").statusCode()).isEqualTo(200);
        join(node, "room");
    }

    /** Levels of other loggers would print what clients send; a profile takes as long as it is asked to. */
    @Test
    void levelsOfOtherLoggers_andProfiles_areRefused() {
        KeckProcess node = closing(KeckProcess.in(dir).brief().start());
        for (String logger : List.of("ROOT", "org.eclipse.jetty", "io.keckx", "io.keck&logger=ROOT", "")) {
            var answer = node.postAdmin("/tasks/log-level?logger=" + logger + "&level=ALL");
            assertThat(answer.statusCode()).as(logger).isEqualTo(400);
            assertThat(answer.body()).contains("Only the level of io.keck");
        }
        assertThat(node.postAdmin("/tasks/log-level?logger=io.keck.room&level=DEBUG")
                        .statusCode())
                .isEqualTo(200);
        assertThat(node.getAdmin("/pprof?duration=1").statusCode()).isEqualTo(404);
        assertThat(node.admin("/")).doesNotContain("pprof");
        assertThat(node.healthMessage("loops")).endsWith("loops take their turns");
    }
}
