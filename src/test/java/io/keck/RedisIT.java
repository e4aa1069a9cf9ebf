package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Crowd;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import io.keck.testing.RedisServer;
import io.keck.testing.Seeds;
import io.keck.testing.SseReader;
import io.keck.testing.SyncClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** Nodes on one PostgreSQL with a Redis between them, which is killed, stopped and lied to. */
class RedisIT {
    private static final boolean CAMPAIGN = Boolean.getBoolean("keck.campaign");
    private static final int ROOMS = 3;
    private static final long CURSOR = 5_000_000_000L;

    @TempDir
    private static Path files;

    private static PostgresServer postgres;
    private static int databases;

    @TempDir
    private Path dir;

    private String database;
    private RedisServer redis;
    private final List<KeckProcess> nodes = new ArrayList<>();
    private final List<Crowd> crowds = new ArrayList<>();
    private final List<SyncClient> clients = new ArrayList<>();

    @BeforeAll
    static void startPostgres() {
        postgres = PostgresServer.start(files);
    }

    @AfterAll
    static void stopPostgres() {
        postgres.close();
    }

    @BeforeEach
    void start() {
        redis = RedisServer.start(dir);
        database = "redis" + ++databases;
        postgres.execute("CREATE DATABASE " + database);
        nodes.add(startNode("one"));
        nodes.add(startNode("two"));
        nodes.forEach(node -> awaitBus(node, true));
    }

    private KeckProcess startNode(String label) {
        return KeckProcess.on(postgres, database, dir)
                .env("REDIS_URL", redis.url())
                .env("NODE_ID", label)
                .brief()
                .start();
    }

    @AfterEach
    void stop() {
        clients.forEach(SyncClient::close);
        crowds.forEach(Crowd::close);
        nodes.forEach(KeckProcess::close);
        redis.close();
    }

    private static void awaitBus(KeckProcess node, boolean healthy) {
        Eventually.await(
                "a bus that is " + (healthy ? "" : "not ") + "healthy",
                () -> node.healthCheck("redis") == healthy,
                node::log);
    }

    private void gather(String prefix, Random random) {
        for (int i = 0; i < ROOMS; i++) {
            crowds.add(Crowd.gather(prefix + i, 2, random, nodes));
        }
    }

    private SyncClient client(KeckProcess node, String room) {
        SyncClient client = SyncClient.join(node.room(room));
        clients.add(client);
        return client;
    }

    /** Everybody has everything, over the connections of the beginning, and the database has it, too. */
    private void assertNothingLost() {
        crowds.forEach(Crowd::stopTyping);
        crowds.forEach(Crowd::awaitEqual);
        for (Crowd crowd : crowds) {
            crowd.assertConnected(0, 1);
            nodes.forEach(node -> crowd.awaitFresh(node, crowd.documents()));
        }
        for (KeckProcess node : nodes) {
            assertThat(node.metric("keck.rooms.log-went-back")).isZero();
            assertThat(node.log()).doesNotContain("ERROR");
        }
    }

    @Test
    void rowsAndCursors_crossOverTheBus() {
        gather("talk-", new Random(Seeds.next("RedisIT.talk")));
        crowds.forEach(crowd -> crowd.awaitProgressAcross(CAMPAIGN ? 20_000 : 300, 0, 1));
        SyncClient here = client(nodes.get(0), "talk-0");
        SyncClient there = client(nodes.get(1), "talk-0");
        here.point(CURSOR, 1);
        there.point(CURSOR + 1, 1);
        there.await("the cursor of the other node", () -> there.sees(CURSOR));
        here.await("the cursor of the other node", () -> here.sees(CURSOR + 1));
        here.close();
        there.await("the end of the cursor", () -> !there.sees(CURSOR));

        nodes.get(1).kill(); // says nothing of its cursors
        SyncClient after = client(nodes.get(0), "talk-0");
        after.await("the end of the cursor of a killed node", () -> !after.sees(CURSOR + 1));
        nodes.set(1, startNode("two"));
        crowds.forEach(Crowd::stopTyping);
        assertThat(nodes.get(0).metric("keck.rooms.rows-heard")).isPositive();
        assertThat(nodes.get(0).metric("keck.bus.damaged")).isZero();
    }

    /** A back end of one node reaches the application of a client of the other, and the other way round. */
    @Test
    void messagesBetweenApplications_crossOverTheBus() {
        try (NodeClients typists = NodeClients.start()) {
            typists.openHocuspocus("far", nodes.get(1).port(), "board", "hocuspocus-provider-4", "far", "");
            typists.awaitSynced("far");
            typists.edit("far", NodeClients.insert(0, "x"));
            typists.awaitSaved("far");
            SseReader stream = new SseReader("board", nodes.get(0)::port, 1, 0);
            Thread reading = new Thread(stream);
            reading.start();
            Eventually.await("the stream", stream::hasBegun);
            typists.provider("far", "sendStateless", "print");
            Eventually.await(
                    "the message",
                    () -> stream.events().stream()
                            .anyMatch(event -> event.name().equals("client-message")));
            stream.finish();
            nodes.get(0).sendJson("POST", "/api/messages/board", "{\"message\":\"printed\"}");
            Eventually.await("the answer", () -> typists.events("far").contains("message printed"));
        }
    }

    @Test
    void redisIsKilled_documentsCrossOverTheDatabase_andTheBusIsBackByItself() throws InterruptedException {
        Random random = new Random(Seeds.next("RedisIT.killed"));
        gather("killed-", random);
        SyncClient here = client(nodes.get(0), "killed-0");
        SyncClient there = client(nodes.get(1), "killed-0");
        for (int round = 0; round < (CAMPAIGN ? 5 : 1); round++) {
            crowds.forEach(crowd -> crowd.awaitProgressAcross(50, 0, 1));
            redis.kill();
            nodes.forEach(node -> awaitBus(node, false));
            assertThat(nodes.get(0).health()).isEqualTo("{\"status\":\"ok\"}");
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(CAMPAIGN ? 60 : 1);
            do {
                crowds.forEach(crowd -> crowd.awaitProgressAcross(50, 0, 1));
            } while (System.nanoTime() < end);
            redis.restart();
            nodes.forEach(node -> awaitBus(node, true));
            long heard = nodes.get(1).metric("keck.rooms.rows-heard");
            Eventually.await("rows over the bus", () -> nodes.get(1).metric("keck.rooms.rows-heard") > heard);
            long clock = 10L * round + 1;
            here.point(CURSOR, clock);
            there.await("the cursor of the other node", () -> there.sees(CURSOR));
        }
        assertNothingLost();
    }

    @Test
    void redisIsStopped_connectionsStand_andNothingWaitsForIt() {
        gather("stopped-", new Random(Seeds.next("RedisIT.stopped")));
        for (int round = 0; round < (CAMPAIGN ? 10 : 1); round++) {
            crowds.forEach(crowd -> crowd.awaitProgressAcross(50, 0, 1));
            redis.pause();
            crowds.forEach(crowd -> crowd.awaitProgressAcross(50, 0, 1));
            nodes.forEach(node -> awaitBus(node, false));
            crowds.forEach(crowd -> crowd.awaitProgressAcross(50, 0, 1));
            redis.resume();
            nodes.forEach(node -> awaitBus(node, true));
        }
        assertNothingLost();
    }

    /** What others send over our channels is refused, and harms nobody. */
    @Test
    void bytesOnTheBusAreDamaged_nodesConvergeAllTheSame() {
        Random random = new Random(Seeds.next("RedisIT.damaged"));
        gather("damaged-", random);
        crowds.forEach(crowd -> crowd.awaitProgressAcross(20, 0, 1));
        try (Jedis jedis = new Jedis("127.0.0.1", redis.port())) {
            List<String> channels = jedis.pubsubChannels("keck:*");
            assertThat(channels).hasSizeGreaterThan(ROOMS);
            for (int i = 0; i < (CAMPAIGN ? 50_000 : 500); i++) {
                byte[] bytes = new byte[random.nextInt(300)];
                random.nextBytes(bytes);
                if (bytes.length > 1 && random.nextBoolean()) {
                    bytes[0] = 1; // a version that it knows
                    bytes[1] = (byte) (1 + random.nextInt(7));
                }
                String channel = channels.get(random.nextInt(channels.size()));
                jedis.publish(channel.getBytes(StandardCharsets.UTF_8), bytes);
            }
        }
        crowds.forEach(crowd -> crowd.awaitProgressAcross(100, 0, 1));
        assertNothingLost();
        Eventually.await(
                "refusals",
                () -> nodes.get(0).metric("keck.bus.damaged") + nodes.get(0).metric("keck.bus.forged") >= 500);
    }

    @Test
    void deletedRoom_endsOnAllNodes() {
        SyncClient there = client(nodes.get(1), "gone");
        assertThat(nodes.get(0).send("DELETE", "/api/block/gone").statusCode()).isEqualTo(204);
        assertThat(there.raw().awaitEnd().toString()).contains("4404");
    }

    @Test
    void labelIsTaken_theOneBeforeSavesAndEndsWithASentence() {
        gather("label-", new Random(Seeds.next("RedisIT.label")));
        crowds.forEach(crowd -> crowd.awaitProgressAcross(20, 0, 1));
        KeckProcess before = nodes.get(0);
        List<byte[]> seen = crowds.get(0).seen();
        nodes.add(startNode("one"));
        assertThat(before.awaitExit(Duration.ofSeconds(60))).isEqualTo(3);
        assertThat(before.log()).contains("A second node has started with the label \"one\"", "Everything is saved");
        Crowd.awaitFresh(nodes.get(2), crowds.get(0).room(), seen);
        crowds.forEach(crowd -> crowd.assertConnected(1));
    }
}
