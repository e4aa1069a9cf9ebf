package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.testing.Eventually;
import io.keck.testing.HookReceiver;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.Prometheus;
import io.keck.testing.RawClient;
import io.keck.testing.RedisServer;
import io.keck.testing.Runbook;
import io.keck.testing.Seeds;
import io.keck.testing.SteadyLoad;
import io.keck.testing.SyncClient;
import io.keck.testing.TcpProxy;
import io.keck.testing.Typist;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Faults are made, one at a time, under a real Prometheus with the rules as they are: each trips its own alert, and whatever
 * else fires stands in the runbook as its consequence. How long it took is printed; a campaign insists on 30 s, which the
 * tests of promtool show for the intervals of production.
 */
class AlertsIT {
    private static final String CAMPAIGN = "keck.campaign";
    private static final long WITHIN_S = 30;
    /** What a full collection has left, in MiB. */
    private static final Pattern FULL_COLLECTION = Pattern.compile("Pause Full .*->(\\d+)M\\(");

    private static final Path RUNBOOK = Path.of("src", "site", "markdown", "runbook.md");

    @TempDir
    private Path dir;

    /** Ended in the opposite order. */
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    private final List<KeckProcess> nodes = new ArrayList<>();
    private PostgresServer postgres;
    private RedisServer redis;
    private Prometheus prometheus;
    /** When the fault that is looked at now began. */
    private long began;

    @AfterEach
    void stop() throws Exception {
        while (!parts.isEmpty()) {
            parts.pop().close();
        }
    }

    private <T extends AutoCloseable> T part(T part) {
        parts.push(part);
        return part;
    }

    private KeckProcess start(KeckProcess.Setup setup) {
        KeckProcess node = part(setup.brief().start());
        nodes.add(node);
        return node;
    }

    /** Two nodes on one database with a bus, and somebody who types on each. */
    private void startTwo() {
        postgres = part(PostgresServer.start(dir));
        redis = part(RedisServer.start(dir));
        startTwo(redis.port(), postgres.url());
    }

    private void startTwo(int redisPort, String database) {
        // the second one is of those that want the database
        for (String label : List.of("one", "two")) {
            start(KeckProcess.on(postgres, "postgres", dir)
                    .env("DATABASE_URL", database)
                    .env("REDIS_URL", "redis://127.0.0.1:" + redisPort)
                    .env("NODE_ID", label)
                    .with("readyRequiresDatabase", String.valueOf(label.equals("two"))));
        }
        nodes.forEach(node -> Eventually.await("a bus", () -> node.healthCheck("redis")));
        watch();
        part(SteadyLoad.on(nodes, "steady-1", "steady-2"));
        awaitQuiet();
    }

    private void watch() {
        prometheus = part(
                Prometheus.start(dir, nodes.stream().map(KeckProcess::adminPort).toList()));
    }

    /** Some samples of each rate, and nothing that fires. */
    private void awaitQuiet() {
        Eventually.await(
                "samples",
                () -> prometheus.query("count_over_time(up[1m]) >= 5").size() == nodes.size());
        assertThat(prometheus.firing()).isEmpty();
    }

    /** After the fault: waits for its alert, and a little longer for others. */
    private void expect(String alert) throws IOException {
        expect(alert, () -> true);
    }

    /** @param goOn called again and again meanwhile; says whether that is well */
    private void expect(String alert, BooleanSupplier goOn) throws IOException {
        Set<String> before = prometheus.firing(); // what the fault before has left
        assertThat(before).doesNotContain(alert);
        Set<String> fired = new TreeSet<>();
        began = System.nanoTime();
        Eventually.await(
                alert,
                () -> {
                    assertThat(goOn.getAsBoolean()).isTrue();
                    fired.addAll(prometheus.firing());
                    return fired.contains(alert);
                },
                () -> "but " + fired + " fired; " + what());
        long took = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
        double later = prometheus.query("vector(time())").get("{}") + 6;
        Eventually.await("what follows", () -> {
            fired.addAll(prometheus.firing());
            return prometheus.query("vector(time())").get("{}") > later;
        });
        fired.removeAll(before);
        System.out.println(alert + " after " + took + " s, fired: " + fired);
        if (Boolean.getBoolean(CAMPAIGN)) {
            assertThat(took).isLessThanOrEqualTo(WITHIN_S);
        }
        Set<String> expected = new TreeSet<>(Runbook.read(RUNBOOK).get(alert).implies());
        expected.add(alert);
        assertThat(expected).as("what %s implies", alert).containsAll(fired);
    }

    /** For whoever reads of a failure. */
    private String what() {
        return prometheus
                .query("{__name__=~\"keck_database_up|keck_rooms_unsaved|keck_rooms_busiest_ratio"
                        + "|keck_connections_slow|keck_heap_live_ratio|keck_rooms_rows_.*|keck_database_full_total"
                        + "|keck_bus_healthy|keck_rooms_oldest_uncommitted_seconds\"}")
                .toString();
    }

    // ------------------------------------------------------------------ in every build

    @Test
    void deadRedis_andThenADeadDatabase_andThenANodeThatIsGone() throws IOException {
        startTwo();
        redis.kill();
        expect("KeckBusDown");
        redis.restart();
        Eventually.await("that it is over", () -> prometheus.firing().isEmpty());

        postgres.kill();
        expect("KeckDatabaseDown");
        assertThat(nodes.get(0).healthMessage("database"))
                .contains("does not answer")
                .contains("DATABASE_URL");
        assertThat(nodes.get(0).healthMessage("commit-age")).contains("waiting").contains("do not restart");
        assertThat(nodes.get(0).health()).contains("degraded");
        HttpResponse<String> ready = nodes.get(1).get("/health/ready");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(ready.body()).contains("no-database");
        assertThat(nodes.get(1).get("/health/live").statusCode()).isEqualTo(200);
        postgres.start();
        Eventually.await("that it is over", () -> !prometheus.firing().contains("KeckDatabaseDown"));
        Eventually.await(
                "a node that is ready", () -> nodes.get(1).get("/health/ready").statusCode() == 200);

        nodes.get(1).kill();
        expect("KeckNodeDown");
    }

    @Test
    void fullDisk() throws IOException {
        String url = "jdbc:sqlite:" + dir.resolve("keck.db") + "?max_page_count=300";
        KeckProcess node = start(KeckProcess.withDefaults(dir).env("DATABASE_URL", url));
        watch();
        SyncClient client = part(SyncClient.join(node.room("filling")));
        awaitQuiet();
        Random random = new Random(Seeds.next("AlertsIT.fullDisk"));
        Typist typist = new Typist(9);
        for (int i = 0; i < 40; i++) { // more than the database may hold
            client.send(Message.update(typist.type(noise(random, 40_000))));
        }
        expect("KeckDiskFull");
        // at any moment, though reads between two attempts to write go well
        assertThat(node.healthMessage("database")).contains("full");
        assertThat(node.health()).contains("degraded");
    }

    // ------------------------------------------------------------------ in a campaign

    @Test
    @EnabledIfSystemProperty(named = CAMPAIGN, matches = "true")
    void slowDatabase() throws IOException {
        postgres = part(PostgresServer.start(dir));
        redis = part(RedisServer.start(dir));
        TcpProxy way = part(TcpProxy.before(postgres.port()));
        startTwo(redis.port(), postgres.url().replace(":" + postgres.port() + "/", ":" + way.port() + "/"));
        way.delay(700);
        expect("KeckCommitsSlow");
    }

    @Test
    @EnabledIfSystemProperty(named = CAMPAIGN, matches = "true")
    void busThatLoses() throws IOException {
        postgres = part(PostgresServer.start(dir));
        redis = part(RedisServer.start(dir));
        AtomicBoolean losing = new AtomicBoolean();
        TcpProxy way = part(TcpProxy.before(redis.port(), new Lossy(losing)));
        startTwo(way.port(), postgres.url());
        losing.set(true);
        expect("KeckBusLoses");
    }

    @Test
    @EnabledIfSystemProperty(named = CAMPAIGN, matches = "true")
    void hotRoom() throws IOException {
        startTwo();
        for (int i = 0; i < 300; i++) { // each cursor is sent to all of them, and waits in the network
            part(RawClient.connect(nodes.get(0).room("hot"), frame -> {}));
        }
        SyncClient client = part(SyncClient.join(nodes.get(0).room("hot")));
        Thread mover = new Thread(
                () -> {
                    long clock = 1;
                    while (client.raw().sendNow(cursor(clock))) {
                        clock++;
                    }
                },
                "mover");
        mover.start();
        expect("KeckRoomHot");
        assertThat(nodes.get(0).log()).contains("Room hot takes");
    }

    @Test
    @EnabledIfSystemProperty(named = CAMPAIGN, matches = "true")
    void slowSockets() throws IOException {
        postgres = part(PostgresServer.start(dir));
        KeckProcess node = start(KeckProcess.on(postgres, "postgres", dir).with("rooms.maxBacklog", "64KiB"));
        watch();
        awaitQuiet();
        SyncClient writer = part(SyncClient.join(node.room("slow")));
        SyncClient reader = part(SyncClient.join(node.room("slow")));
        for (int i = 0; i < 5; i++) {
            part(stalled(node, "slow"));
        }
        Random random = new Random(Seeds.next("AlertsIT.slowSockets"));
        Typist typist = new Typist(11);
        for (int i = 0; i < 150; i++) { // more than all buffers of a TCP socket hold, and a document that stays small
            assertThat(writer.write(typist.set(noise(random, 40_000)))).isTrue();
            reader.await(
                    "it, before the next merges with it",
                    () -> reader.stateVector().clock(11) == typist.clock());
        }
        expect("KeckSlowSockets");
    }

    @Test
    @EnabledIfSystemProperty(named = CAMPAIGN, matches = "true")
    void failingWebhook() throws IOException {
        HookReceiver receiver = part(new HookReceiver());
        start(KeckProcess.in(dir).env("HOOK_ENDPOINT", receiver.url()).env("HOOK_SECRET", HookReceiver.SECRET));
        watch();
        part(SteadyLoad.on(nodes, "steady-1", "steady-2"));
        Eventually.await("a delivery", () -> receiver.count() > 0);
        awaitQuiet();
        receiver.isForgetful = true; // it answers 500
        expect("KeckWebhookFails");
        receiver.isForgetful = false;
        Eventually.await("that it is over", () -> prometheus.firing().isEmpty());
        receiver.isSilent = true;
        expect("KeckWebhookFails");
        receiver.isSilent = false;
        Eventually.await("that it is over, too", () -> prometheus.firing().isEmpty());
    }

    @Test
    @EnabledIfSystemProperty(named = CAMPAIGN, matches = "true")
    void heapPressure() throws IOException {
        KeckProcess node = start(KeckProcess.in(dir).jvm("-Xmx96m", "-Xlog:gc"));
        watch();
        awaitQuiet();
        Random random = new Random(Seeds.next("AlertsIT.heapPressure"));
        SyncClient client = part(SyncClient.join(node.room("heavy")));
        SyncClient reader = part(SyncClient.join(node.room("heavy")));
        Typist typist = new Typist(13);
        expect("KeckHeapPressure", () -> {
            boolean full = isFull(node);
            if (!full) {
                began = System.nanoTime(); // to fill it takes its time, and is no fault yet
            }
            for (int i = 0; i < 20 && !full; i++) {
                client.send(Message.update(typist.type(noise(random, 10_000))));
            }
            reader.await("what was written", () -> reader.stateVector().clock(13) == typist.clock());
            return node.isAlive();
        });
    }

    @Test
    @EnabledIfSystemProperty(named = CAMPAIGN, matches = "true")
    void logThatWentBack() throws IOException {
        postgres = part(PostgresServer.start(dir));
        redis = part(RedisServer.start(dir));
        start(KeckProcess.on(postgres, "postgres", dir)).kill(); // makes the schema
        nodes.clear();
        postgres.stop();
        postgres.backUp(dir.resolve("backup"));
        postgres.start();
        startTwo(redis.port(), postgres.url());
        postgres.kill();
        postgres.restore(dir.resolve("backup"));
        postgres.start();
        expect("KeckLogWentBack");
    }

    /**
     * Whether the last full collection has left so much that it does not fit into seven eighths of the old generation, which
     * has two thirds of 96 MiB. What the node says of itself comes later: until then nobody may go on filling it.
     */
    private static boolean isFull(KeckProcess node) {
        return FULL_COLLECTION
                        .matcher(node.log())
                        .results()
                        .mapToInt(collection -> Integer.parseInt(collection.group(1)))
                        .reduce(0, (before, last) -> last)
                > 56;
    }

    private static byte[] cursor(long clock) {
        return Message.awareness(List.of(new AwarenessState(17, clock, "{\"at\":" + clock + "}")));
    }

    /** A connection that reads nothing but the answer to its upgrade; little fits into the network before it. */
    private static Socket stalled(KeckProcess node, String room) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(8_192);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
        String upgrade = "GET /collaboration/" + room + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        socket.getOutputStream().write(upgrade.getBytes(StandardCharsets.US_ASCII));
        byte[] status = socket.getInputStream().readNBytes(12);
        assertThat(new String(status, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 101");
        return socket;
    }

    /** Text that nothing makes smaller. */
    private static String noise(Random random, int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append((char) (0x4e00 + random.nextInt(0x5000)));
        }
        return text.toString();
    }

    /**
     * What Redis says to a node, without most of the messages on channels of rooms. Beats and answers pass, so that the bus
     * seems healthy. Reads RESP2: arrays of bulk strings, and lines.
     */
    private record Lossy(AtomicBoolean losing) implements TcpProxy.Way {
        @Override
        public void carry(InputStream from, OutputStream to) throws IOException {
            InputStream in = new BufferedInputStream(from);
            int pushes = 0;
            try {
                while (true) {
                    ByteArrayOutputStream copy = new ByteArrayOutputStream();
                    List<String> parts = new ArrayList<>();
                    read(in, copy, parts);
                    boolean ofRoom = parts.size() == 3
                            && parts.get(0).equals("message")
                            && !parts.get(1).endsWith("nodes");
                    if (!ofRoom || !losing.get() || ++pushes % 3 == 0) {
                        to.write(copy.toByteArray());
                        to.flush();
                    }
                }
            } catch (EOFException e) {
                // Redis has closed it
            }
        }

        private static void read(InputStream in, ByteArrayOutputStream copy, List<String> parts) throws IOException {
            String line = line(in, copy);
            if (line.startsWith("*")) {
                for (int n = Integer.parseInt(line.substring(1)); n > 0; n--) {
                    read(in, copy, parts);
                }
            } else if (line.startsWith("$") && !line.equals("$-1")) {
                byte[] bytes = in.readNBytes(Integer.parseInt(line.substring(1)) + 2);
                copy.write(bytes);
                parts.add(new String(bytes, 0, bytes.length - 2, StandardCharsets.ISO_8859_1));
            }
        }

        private static String line(InputStream in, ByteArrayOutputStream copy) throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new EOFException();
                }
                copy.write(c);
                line.append((char) c);
            }
            copy.write('\n');
            return line.substring(0, line.length() - 1);
        }
    }
}
