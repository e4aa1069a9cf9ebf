package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.feed.BlockHistory;
import io.keck.feed.ChangeLog.Change;
import io.keck.feed.Histories;
import io.keck.testing.Eventually;
import io.keck.testing.HookReceiver;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.Seeds;
import io.keck.testing.SseReader;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who follows a room misses nothing and sees nothing twice, whatever breaks. */
class FeedIT {
    private static final boolean CAMPAIGN = Boolean.getBoolean("keck.campaign");
    private static final int CUTS = 100;
    private static final int ROOMS = 3;
    private static final int MILLIS_A_PHASE = CAMPAIGN ? 60_000 : 1_000;

    @TempDir
    private Path dir;

    private final List<KeckProcess> nodes = new CopyOnWriteArrayList<>();
    private volatile boolean enough;

    // ------------------------------------------------------------------ writers

    private KeckProcess any(Random random) {
        return nodes.get(random.nextInt(nodes.size()));
    }

    private static String room(int number) {
        return "feed" + number;
    }

    /** Types over a WebSocket; when its node is gone, it goes on at another one. */
    private void type(int number, long seed) {
        Random random = new Random(seed);
        Typist typist = new Typist(1_000 + number);
        byte[] document = {0, 0};
        while (!enough) {
            var store = new io.keck.crdt.store.StructStore();
            store.apply(io.keck.crdt.store.Update.decode(document));
            try (SyncClient client = SyncClient.join(any(random).room(room(number % ROOMS)), store)) {
                boolean there = true;
                while (there && !enough) {
                    there = client.write(typist.set("v" + random.nextInt(1_000)))
                            && client.write(typist.set("w" + random.nextInt(1_000)));
                    sleep(random.nextInt(40));
                }
                document = client.encode();
            } catch (AssertionError | RuntimeException e) {
                sleep(50); // the node is going
            }
        }
    }

    /** Writes over HTTP. */
    private void write(int number, long seed) {
        Random random = new Random(seed);
        while (!enough) {
            String path;
            String body;
            switch (random.nextInt(4)) {
                case 0 -> {
                    path = "/map/m";
                    body = "{\"k" + random.nextInt(5) + "\":{\"n\":" + random.nextInt(100) + "}}";
                }
                case 1 -> {
                    path = "/b" + random.nextInt(4);
                    body = "{\"title\":\"" + random.nextInt(100) + "\"}";
                }
                case 2 -> {
                    path = "/text/t";
                    body = "{\"action\":\"insert\",\"index\":0,\"value\":\"x" + random.nextInt(100)
                            + "\",\"attributes\":{\"bold\":true}}";
                }
                default -> {
                    path = "/array/a";
                    body = "{\"action\":\"push\",\"value\":[" + random.nextInt(100) + "]}";
                }
            }
            try {
                post(any(random).port(), "/api/block/" + room(number % ROOMS) + path, body);
            } catch (java.io.IOException e) {
                sleep(20); // the node is going
            }
            sleep(random.nextInt(40));
        }
    }

    private static HttpResponse<String> post(int port, String path, String json) throws java.io.IOException {
        try {
            return KeckProcess.HTTP.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .timeout(Duration.ofSeconds(20))
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(json))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Lets others work; nothing depends on how long. */
    private static void sleep(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ------------------------------------------------------------------ what the database says

    private static final class Database implements AutoCloseable {
        private final Connection connection;

        Database(PostgresServer server) throws SQLException {
            connection = DriverManager.getConnection(server.jdbcUrl("postgres"), "postgres", "");
        }

        /** All rows of a room, and its id. */
        List<Change> rows(String room, long[] id) {
            List<Change> rows = new ArrayList<>();
            try (var query = connection.prepareStatement("SELECT l.seq, l.payload, r.id FROM room_log l"
                    + " JOIN rooms r ON r.id = l.room_id WHERE r.name = ? ORDER BY l.seq")) {
                query.setString(1, room);
                try (ResultSet rs = query.executeQuery()) {
                    while (rs.next()) {
                        rows.add(new Change(rs.getLong(1), rs.getBytes(2)));
                        id[0] = rs.getLong(3);
                    }
                }
                return rows;
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }

        String one(String sql) {
            try (var statement = connection.createStatement();
                    ResultSet rs = statement.executeQuery(sql)) {
                rs.next();
                return rs.getString(1);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }

        boolean isAllDelivered() {
            return one("SELECT count(*) FROM rooms r LEFT JOIN webhook_cursors c ON c.room_id = r.id"
                            + " WHERE r.head > COALESCE(c.seq, 0)")
                    .equals("0");
        }

        /** The node that delivers. */
        String owner() {
            return one("SELECT owner FROM webhook_endpoint").replaceFirst("/.*", "");
        }

        @Override
        public void close() throws SQLException {
            connection.close();
        }
    }

    private KeckProcess start(PostgresServer postgres, HookReceiver receiver, String name) {
        return KeckProcess.on(postgres, "postgres", dir)
                .brief()
                .env("NODE_ID", name)
                .env("HOOK_ENDPOINT", receiver.url())
                .env("HOOK_SECRET", HookReceiver.SECRET)
                .with("webhook.lease", "2s")
                .with("webhook.maxBackoff", "1s")
                .with("webhook.spacing", "100ms")
                .start();
    }

    // ------------------------------------------------------------------ tests

    @Test
    void underMixedEditingOnTwoNodes_readersThatAreCut_andAReceiverThatIsAway_getExactlyWhatWasCommitted()
            throws Exception {
        long seed = Seeds.next("FeedIT");
        try (PostgresServer postgres = PostgresServer.start(dir);
                HookReceiver receiver = new HookReceiver()) {
            Map<String, KeckProcess> byName = new HashMap<>();
            ExecutorService threads = Executors.newCachedThreadPool();
            Map<String, Future<KeckProcess>> starting = new LinkedHashMap<>();
            for (String name : List.of("one", "two")) {
                starting.put(name, threads.submit(() -> start(postgres, receiver, name)));
            }
            for (String name : starting.keySet()) {
                KeckProcess node = starting.get(name).get();
                byName.put(name, node);
                nodes.add(node);
            }
            try (Database database = new Database(postgres)) {
                for (int i = 0; i < ROOMS; i++) {
                    assertThat(post(nodes.get(0).port(), "/api/block/" + room(i), "")
                                    .statusCode())
                            .isEqualTo(200);
                }
                Random ports = new Random(seed);
                List<SseReader> readers = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    SseReader reader =
                            new SseReader(room(i % ROOMS), () -> any(ports).port(), seed + i, CUTS);
                    readers.add(reader);
                    threads.execute(reader);
                }
                Eventually.await("readers", () -> readers.stream().allMatch(SseReader::hasBegun));
                List<Future<?>> writers = new ArrayList<>();
                for (int i = 0; i < 2 * ROOMS; i++) {
                    int number = i;
                    writers.add(threads.submit(() -> type(number, seed + 100 + number)));
                    writers.add(threads.submit(() -> write(number, seed + 200 + number)));
                }
                sleep(MILLIS_A_PHASE);
                Eventually.await("deliveries", () -> receiver.count() > ROOMS);
                receiver.isForgetful = true; // takes them, and the answer gets lost
                int before = receiver.count();
                Eventually.await("deliveries that are not acknowledged", () -> receiver.count() > before + 1);
                receiver.away();
                receiver.isForgetful = false;
                sleep(MILLIS_A_PHASE);
                String owner = database.owner();
                KeckProcess dies = byName.get(owner);
                assertThat(dies).as("the node that delivers: %s", owner).isNotNull();
                nodes.remove(dies);
                dies.kill();
                nodes.add(start(postgres, receiver, "three"));
                sleep(MILLIS_A_PHASE);
                receiver.back();
                Eventually.await(
                        "another node that delivers", () -> !database.owner().equals(owner));
                Eventually.await("cuts", () -> readers.stream().allMatch(reader -> reader.cuts() >= CUTS));
                enough = true;
                for (Future<?> writer : writers) {
                    writer.get(60, TimeUnit.SECONDS);
                }
                Eventually.await("the receiver to have everything", database::isAllDelivered);
                check(database, readers, receiver);
                readers.forEach(SseReader::finish);
            } finally {
                enough = true;
                threads.shutdownNow();
                nodes.forEach(KeckProcess::close);
            }
        }
    }

    private static void check(Database database, List<SseReader> readers, HookReceiver receiver) {
        Map<Long, String> expected = new LinkedHashMap<>();
        Map<String, List<Change>> rows = new HashMap<>();
        for (int i = 0; i < ROOMS; i++) {
            long[] id = new long[1];
            List<Change> changes = database.rows(room(i), id);
            rows.put(room(i), changes);
            Histories histories = new Histories(room(i), null, Long.MAX_VALUE / 4);
            StringBuilder entries = new StringBuilder();
            for (Change change : changes) {
                for (BlockHistory entry : histories.of(change)) {
                    entry.writeTo(entries);
                    entries.append(',');
                }
            }
            expected.put(id[0], entries.toString());
        }
        for (int i = 0; i < readers.size(); i++) {
            SseReader reader = readers.get(i);
            List<Change> committed = rows.get(room(i % ROOMS));
            Eventually.await(
                    "reader " + i,
                    () -> reader.events().size() >= committed.size() || reader.refusal() != null,
                    () -> "it has " + reader.events().size() + " of " + committed.size());
            assertThat(reader.refusal()).isNull();
            assertThat(reader.events()).extracting(SseReader.Event::name).containsOnly("update");
            assertThat(reader.events())
                    .extracting(event -> Long.parseLong(event.id().split("-")[1]))
                    .isEqualTo(committed.stream().map(Change::seq).toList());
            for (int k = 0; k < committed.size(); k++) {
                assertThat(SseReader.update(reader.events().get(k)))
                        .isEqualTo(committed.get(k).payload());
            }
        }
        assertThat(receiver.problems(expected)).isEmpty();
        System.out.printf(
                "FeedIT: %d rows; readers cut %s times; %d deliveries, %d of them repeats%n",
                rows.values().stream().mapToInt(List::size).sum(),
                readers.stream().map(SseReader::cuts).toList(),
                receiver.count(),
                receiver.repeats());
    }

    @Test
    void aStream_saysWhyNot_livesOnComments_resumes_andEndsWithTheRoom() throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        try (KeckProcess keck = KeckProcess.in(dir)
                .brief()
                .with("api.maxStreams", "2")
                .with("api.maxStreamsPerAddress", "2")
                .start()) {
            assertThat(keck.get("/api/block/none/subscribe/sse").statusCode()).isEqualTo(404);
            assertThat(keck.get("/api/block/none/subscribe/sse").body()).isEqualTo("Workspace(\"none\") not found");
            assertThat(post(keck.port(), "/api/block/w", "").statusCode()).isEqualTo(200);
            SseReader reader = new SseReader("w", keck::port, 1, 0);
            threads.execute(reader);
            Eventually.await("the stream", reader::hasBegun);
            SseReader second = new SseReader("w", keck::port, 1, 0).from("1-1");
            threads.execute(second);
            Eventually.await("a reset", () -> !second.events().isEmpty());
            assertThat(second.events().get(0).name()).isEqualTo("reset");
            assertThat(keck.get("/api/block/w/subscribe/sse").statusCode()).isEqualTo(503);
            assertThat(keck.metric("keck.sse.streams")).isEqualTo(2);
            post(keck.port(), "/api/block/w/map/m", "{\"k\":\"v\"}");
            Eventually.await("the event", () -> reader.events().size() == 1);
            assertThat(reader.events().get(0).data().get("histories").toString())
                    .matches(
                            "\\[\\{\"action\":\"update\",\"content\":\"v\",\"field_name\":\"k\",\"parent\":\\[\"m\",\"k\"],"
                                    + "\"by\":\"anonymous\",\"origin\":\"rest\",\"at\":\\d+}]");
            assertThat(reader.events().get(0).id()).endsWith("-1");
            Eventually.await("a comment in the silence", () -> reader.comments() > 0);
            assertThat(reader.cuts()).isZero();
            assertThat(keck.send("DELETE", "/api/block/w").statusCode()).isEqualTo(204);
            Eventually.await("the end", () -> "the stream ended".equals(reader.refusal()));
            Eventually.await("no streams", () -> keck.metric("keck.sse.streams") == 0);
        } finally {
            threads.shutdownNow();
        }
    }
}
