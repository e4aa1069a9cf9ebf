package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.RedisServer;
import io.keck.testing.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random bytes of what is stored are damaged: {@code doctor} finds every one, and the server meanwhile serves the healthy
 * rooms, and the damaged ones from their last good state.
 */
class DoctorIT {
    private static final int ROOMS = Boolean.getBoolean("keck.campaign") ? 1_000 : 40;
    private static final int WORDS = 5;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path files;

    private static PostgresServer postgres;

    @TempDir
    private Path dir;

    @BeforeAll
    static void startPostgres() {
        postgres = PostgresServer.start(files);
    }

    @AfterAll
    static void stopPostgres() {
        postgres.close();
    }

    /**
     * What was done to a room.
     *
     * @param kind row or snapshot
     * @param words how many of them can still be read
     */
    private record Damage(String kind, long seq, int words) {}

    private static HttpResponse<String> post(KeckProcess keck, String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + keck.port() + path))
                .timeout(KeckProcess.PATIENCE)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            return KeckProcess.HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static HttpResponse<String> write(KeckProcess keck, String room, String word) {
        return post(
                keck,
                "/api/block/" + room + "/text/t",
                "{\"action\":\"insert\",\"index\":0,\"value\":\"" + word + "\"}");
    }

    /** The last word first. */
    private static String text(int words) {
        StringBuilder text = new StringBuilder();
        for (int i = words; i > 0; i--) {
            text.append('w').append(i).append(' ');
        }
        return text.toString();
    }

    private static void fill(KeckProcess keck) {
        for (int room = 0; room < ROOMS; room++) {
            assertThat(keck.send("POST", "/api/block/r" + room).statusCode()).isEqualTo(200);
            for (int i = 1; i <= WORDS; i++) {
                assertThat(write(keck, "r" + room, "w" + i + " ").statusCode()).isEqualTo(200);
            }
        }
    }

    /** Damages something in about every second room. */
    private static Map<String, Damage> damage(Connection database, Random random) throws SQLException {
        Map<String, Damage> done = new TreeMap<>();
        for (int room = 0; room < ROOMS; room++) {
            if (random.nextBoolean()) {
                String name = "r" + room;
                done.put(name, damage(database, name, random));
            }
        }
        return done;
    }

    private static Damage damage(Connection database, String name, Random random) throws SQLException {
        long id;
        boolean folded;
        try (PreparedStatement find = database.prepareStatement("SELECT r.id, s.state IS NOT NULL FROM rooms r"
                + " LEFT JOIN room_snapshots s ON s.room_id = r.id WHERE r.name = ?")) {
            find.setString(1, name);
            try (ResultSet rs = find.executeQuery()) {
                assertThat(rs.next()).isTrue();
                id = rs.getLong(1);
                folded = rs.getBoolean(2);
            }
        }
        if (folded) { // all rows are still there
            flip(
                    database,
                    "SELECT state FROM room_snapshots WHERE room_id = " + id,
                    "UPDATE room_snapshots SET state = ? WHERE room_id = " + id,
                    random);
            return new Damage("snapshot", WORDS, WORDS);
        }
        int seq = 1 + random.nextInt(WORDS);
        String row = " WHERE room_id = " + id + " AND seq = " + seq;
        switch (random.nextInt(4)) {
            case 0 -> execute(database, "UPDATE room_log SET link = link + 1" + row);
            case 1 -> execute(database, "UPDATE room_log SET batch_id = payload" + row);
            default ->
                flip(database, "SELECT payload FROM room_log" + row, "UPDATE room_log SET payload = ?" + row, random);
        }
        return new Damage("row", seq, seq - 1);
    }

    /** Another value for one to three bytes. */
    private static void flip(Connection database, String select, String update, Random random) throws SQLException {
        byte[] bytes;
        try (var statement = database.createStatement();
                ResultSet rs = statement.executeQuery(select)) {
            assertThat(rs.next()).isTrue();
            bytes = rs.getBytes(1);
        }
        int first = random.nextInt(bytes.length);
        int count = Math.min(bytes.length - first, 1 + random.nextInt(3));
        for (int i = first; i < first + count; i++) {
            bytes[i] ^= (byte) (1 + random.nextInt(255));
        }
        try (PreparedStatement statement = database.prepareStatement(update)) {
            statement.setBytes(1, bytes);
            assertThat(statement.executeUpdate()).isEqualTo(1);
        }
    }

    private static void execute(Connection database, String sql) throws SQLException {
        try (var statement = database.createStatement()) {
            assertThat(statement.executeUpdate(sql)).isPositive();
        }
    }

    private static JsonNode doctor(Supplier<KeckProcess.Setup> setup, int status, String... options) {
        List<String> words = new ArrayList<>(List.of("doctor", "--json"));
        words.addAll(List.of(options));
        try (KeckProcess command =
                setup.get().brief().command(words.toArray(String[]::new)).launch()) {
            int code = command.awaitExit(KeckProcess.PATIENCE);
            String log = command.log();
            assertThat(code).as(log).isEqualTo(status);
            int begin = log.startsWith("{") ? 0 : log.indexOf("\n{") + 1;
            return JSON.readTree(log.substring(begin, log.lastIndexOf('}') + 1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Set<String> damagedRooms(JsonNode report) {
        Set<String> found = new HashSet<>();
        for (JsonNode finding : report.get("findings")) {
            if (finding.get("area").asText().equals("room")) {
                assertThat(finding.get("todo").asText()).isNotEmpty();
                assertThat(finding.get("roomId").asLong()).isPositive();
                found.add(
                        finding.get("room").asText() + " " + finding.get("kind").asText() + " "
                                + finding.get("seq").asLong());
            }
        }
        return found;
    }

    private static void assertServes(KeckProcess keck, Map<String, Damage> damage) {
        for (int room = 0; room < ROOMS; room++) {
            String name = "r" + room;
            Damage done = damage.get(name);
            HttpResponse<String> answer = keck.get("/api/block/" + name + "/text/t");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).as(name).isEqualTo('"' + text(done == null ? WORDS : done.words()) + '"');
            assertThat(answer.headers().firstValue("Warning").isPresent()).isEqualTo(done != null);
            HttpResponse<String> written = write(keck, name, "");
            if (done != null) {
                written = write(keck, name, "x");
                assertThat(written.body()).contains("damaged");
                HttpResponse<String> exported = keck.get("/api/block/" + name + "/export?format=json");
                assertThat(exported.statusCode()).isEqualTo(503);
                assertThat(exported.body()).contains("damaged");
            }
            assertThat(written.statusCode()).as(name).isEqualTo(done == null ? 200 : 503);
        }
        assertThat(keck.metric("keck.rooms.quarantined")).isEqualTo(damage.size());
        assertThat(keck.health()).contains("ok");
    }

    private void check(Supplier<KeckProcess.Setup> setup, Supplier<Connection> database, boolean shared, long seed)
            throws SQLException {
        try (KeckProcess keck = setup.get()
                .brief()
                .with("database.log.snapshotEvery", String.valueOf(WORDS + 1))
                .start()) {
            fill(keck);
            keck.terminate();
            keck.awaitExit(KeckProcess.PATIENCE);
        }
        assertThat(damagedRooms(doctor(setup, 0))).isEmpty();
        Map<String, Damage> damage;
        try (Connection connection = database.get()) {
            damage = damage(connection, new Random(seed));
        }
        Set<String> expected = new HashSet<>();
        damage.forEach((name, done) -> expected.add(name + " " + done.kind() + " " + done.seq()));
        assertThat(expected).hasSizeGreaterThan(ROOMS / 4);

        try (KeckProcess keck = setup.get().brief().start()) {
            assertServes(keck, damage);
            assertThat(damagedRooms(doctor(setup, 1))).isEqualTo(expected);
            if (shared) {
                doctor(setup, 1, "--repair");
            } else {
                assertThat(doctor(setup, 2, "--repair").toString()).contains("in use by another Keck");
                keck.terminate();
                keck.awaitExit(KeckProcess.PATIENCE);
                doctor(setup, 1, "--repair");
            }
            assertThat(damagedRooms(doctor(setup, 0))).isEmpty();
            if (shared) {
                Eventually.await("rooms to be let go", () -> keck.metric("keck.rooms.quarantined") == 0);
                assertAllAreWritten(keck);
            }
        }
        if (!shared) {
            try (KeckProcess keck = setup.get().brief().start()) {
                assertAllAreWritten(keck);
            }
        }
    }

    private static void assertAllAreWritten(KeckProcess keck) {
        for (int room = 0; room < ROOMS; room++) {
            assertThat(write(keck, "r" + room, "again ").statusCode()).isEqualTo(200);
            assertThat(keck.get("/api/block/r" + room + "/text/t").body()).contains("again ");
        }
    }

    private static Connection connect(String url, String user) {
        try {
            return DriverManager.getConnection(url, user, "");
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void damagedBytesInSqlite_areAllFoundAndHarmNobodyElse() throws SQLException {
        check(
                () -> KeckProcess.in(dir),
                () -> connect("jdbc:sqlite:" + dir.resolve("keck.db"), ""),
                false,
                Seeds.next("DoctorIT.sqlite"));
    }

    @Test
    void damagedBytesInPostgres_areAllFoundAndHarmNobodyElse() throws SQLException {
        postgres.execute("CREATE DATABASE damaged");
        check(
                () -> KeckProcess.on(postgres, "damaged", dir),
                () -> connect(postgres.jdbcUrl("damaged"), "postgres"),
                true,
                Seeds.next("DoctorIT.postgres"));
    }

    @Test
    void badConfigurationAndDeadDatabase_cannotBeLookedAt() throws IOException {
        JsonNode dead =
                doctor(() -> KeckProcess.in(dir).env("DATABASE_URL", "postgres://keck:secret@127.0.0.1:1/keck"), 2);
        assertThat(dead.toString()).contains("cannot be reached").doesNotContain("secret");
        JsonNode noRedis = doctor(() -> KeckProcess.in(dir).env("REDIS_URL", "redis://:secret@127.0.0.1:1"), 2);
        assertThat(noRedis.toString())
                .contains("Is it up, and does REDIS_URL name it")
                .doesNotContain("secret");
        JsonNode bad = doctor(() -> KeckProcess.in(dir).with("database.log.lanes", "1000"), 2);
        assertThat(bad.toString()).contains("lanes");
        assertThat(Files.exists(dir.resolve("keck.db"))).isFalse();
    }

    @Test
    void redisAndPostgres_areExamined() {
        postgres.execute("CREATE DATABASE examined");
        try (RedisServer redis = RedisServer.start(dir, "--requirepass", "right")) {
            String url = redis.url().replace("redis://", "redis://:right@");
            JsonNode well =
                    doctor(() -> KeckProcess.on(postgres, "examined", dir).env("REDIS_URL", url), 0);
            assertThat(well.toString())
                    .contains(
                            "PostgreSQL",
                            "A message came back in",
                            "The password is right",
                            "clock of Redis is the same",
                            "clock of the database is the same")
                    .doesNotContain("right@");
            JsonNode wrong = doctor(
                    () -> KeckProcess.on(postgres, "examined", dir).env("REDIS_URL", url.replace("right", "wrong")), 1);
            assertThat(wrong.toString()).contains("Correct user and password");
            postgres.execute("ALTER DATABASE examined SET synchronous_commit = off");
            JsonNode unsafe = doctor(() -> KeckProcess.on(postgres, "examined", dir), 1);
            assertThat(unsafe.toString()).contains("synchronous_commit is off");
        }
    }
}
