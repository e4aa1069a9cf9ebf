package io.keck.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.keck.testing.Eventually;
import io.keck.testing.GrantedTypist;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.RawClient;
import io.keck.testing.RedisServer;
import io.keck.testing.Seeds;
import io.keck.testing.SyncClient;
import io.keck.testing.Tokens;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many sockets on three nodes whose rights change at random while they type, while nodes are killed and Redis goes away. Half
 * of them come with tokens that are revoked, the others with sessions whose role the back end changes. By the times of the
 * database, which both the revocation and each row of the log have: nothing of a principal is accepted later than the bound.
 * Nothing that was called saved is missing, and nobody is cut who kept the right. {@code -Dkeck.campaign=true}: 1,000 sockets.
 */
class RightsCampaignIT {
    private static final boolean CAMPAIGN = Boolean.getBoolean("keck.campaign");
    private static final int SOCKETS = CAMPAIGN ? 1_000 : 60;
    private static final int ROUNDS = CAMPAIGN ? 600 : 60;
    private static final int KILLS = CAMPAIGN ? 3 : 1;
    private static final int ROOMS = SOCKETS / 10;
    private static final int NODES = 3;
    /** Milliseconds from the row of a revocation after which nothing is accepted; the second one while Redis is away. */
    private static final long BOUND = 1_000;

    private static final long BOUND_ALONE = 2_000;
    private static final String SESSION = "session-";
    private static final int MAX_ATTEMPTS = 600;

    @TempDir
    private Path dir;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, String> roles = new ConcurrentHashMap<>();
    private final List<@Nullable KeckProcess> nodes = new ArrayList<>();
    private final List<GrantedTypist> open = new ArrayList<>();
    private final List<GrantedTypist> all = new ArrayList<>();
    /** Principals whose right was taken, from the moment when that was asked for. */
    private final Set<String> losing = ConcurrentHashMap.newKeySet();

    private final Set<String> gaining = ConcurrentHashMap.newKeySet();
    /** Times at which nothing on this machine went on, by its clock, which is that of the database. */
    private final List<long[]> stalls = java.util.Collections.synchronizedList(new ArrayList<>());

    private final List<long[]> withoutRedis = new ArrayList<>();
    private volatile boolean over;
    private NewKey operator;
    private HttpServer backEnd;
    private PostgresServer postgres;
    private RedisServer redis;
    private int names;
    private int kills;
    private int comeBack;

    @AfterEach
    void stop() {
        over = true;
        threads.shutdownNow();
        open.forEach(GrantedTypist::close);
        nodes.forEach(node -> {
            if (node != null) {
                node.close();
            }
        });
        if (redis != null) {
            redis.close();
        }
        if (postgres != null) {
            postgres.close();
        }
        if (backEnd != null) {
            backEnd.stop(0);
        }
    }

    private void answerAsBackEnd() throws IOException {
        backEnd = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        backEnd.setExecutor(threads);
        backEnd.createContext("/", exchange -> {
            String asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String token = asked.replaceAll(".*\"token\":\"([^\"]*)\".*", "$1");
            byte[] answer = ("{\"principal\":\"" + token + "\",\"role\":\"" + roles.getOrDefault(token, "read") + "\"}")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        backEnd.start();
    }

    private KeckProcess node() {
        return KeckProcess.on(postgres, "rights", dir)
                .brief()
                .env("KECK_API_KEYS_FILE", dir.resolve("keys.jsonl").toString())
                .env("KECK_JWT_SECRET", Tokens.SECRET)
                .env(
                        "KECK_ACCESS_HOOK",
                        "http://127.0.0.1:" + backEnd.getAddress().getPort() + "/")
                .env("REDIS_URL", redis.url())
                .with("rooms.newPerAddress", "100000")
                .jvm(CAMPAIGN ? "-Xmx640m" : "-Xmx256m")
                .start();
    }

    /** A thread that has to wait much longer than it asked for shows that the machine did, too. */
    private void watchForStalls() {
        long before = System.currentTimeMillis();
        while (!over) {
            LockSupport.parkNanos(10_000_000);
            long now = System.currentTimeMillis();
            if (now - before > 100) {
                stalls.add(new long[] {before, now});
            }
            before = now;
        }
    }

    private int anyNode(Random random) {
        for (int at = random.nextInt(NODES); ; at = (at + 1) % NODES) {
            if (nodes.get(at) != null) {
                return at;
            }
        }
    }

    /** A new principal on some node, with a token or a session, which writes or may write later. */
    private void join(Random random) {
        boolean bySession = random.nextBoolean();
        int number = names++;
        String principal = (bySession ? SESSION : "token-") + number;
        boolean reads = bySession && random.nextInt(4) == 0;
        roles.put(principal, reads ? "read" : "write");
        String token = bySession ? principal : Tokens.forAll(principal, "write", "{}");
        String room = "rights-" + number % ROOMS;
        for (int attempt = 1; ; attempt++) {
            try {
                GrantedTypist typist = new GrantedTypist(
                        nodes.get(anyNode(random)), room, principal, token, 1_000_000L + number, !reads);
                open.add(typist);
                all.add(typist);
                return;
            } catch (RawClient.Refused e) {
                // a node that is short of something says so, and a client comes back; a right is never refused
                assertThat(e.status).as("%s may connect", principal).isIn(0, 429, 503);
                assertThat(attempt).as("%s gets in", principal).isLessThan(MAX_ATTEMPTS);
                comeBack++;
                pause();
            }
        }
    }

    private void post(Random random, String path, String json) {
        int first = random.nextInt(NODES);
        threads.execute(() -> {
            for (int i = 0; i < 10 * NODES && !over; i++) {
                KeckProcess node = nodes.get((first + i) % NODES);
                try {
                    HttpRequest request = HttpRequest.newBuilder(
                                    URI.create("http://127.0.0.1:" + node.port() + "/api/access/" + path))
                            .header("Authorization", "Bearer " + operator.key())
                            .header("Content-Type", "application/json")
                            .POST(BodyPublishers.ofString(json))
                            .build();
                    if (KeckProcess.HTTP.send(request, BodyHandlers.ofString()).statusCode() == 200) {
                        return;
                    }
                } catch (IOException | RuntimeException e) {
                    continue; // that node is gone: another one
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
    }

    private static String of(String principal) {
        return "{\"principal\":\"" + principal + "\"}";
    }

    /** Changes the rights of a principal, once. */
    private void change(Random random) {
        GrantedTypist one = open.get(random.nextInt(open.size()));
        String principal = one.principal();
        if (losing.contains(principal) || gaining.contains(principal) || one.endedWith() != null) {
            return;
        }
        if (!principal.startsWith(SESSION)) {
            losing.add(principal);
            post(random, "revoke", of(principal));
            return;
        }
        boolean gains = "read".equals(roles.get(principal));
        (gains ? gaining : losing).add(principal);
        roles.put(principal, gains ? "write" : "read");
        post(random, "recheck", of(principal));
    }

    /** Those who have ended or changed make room for others. */
    private void replace(Random random) {
        for (GrantedTypist typist : List.copyOf(open)) {
            Integer code = typist.endedWith();
            boolean lost = losing.contains(typist.principal());
            if (code != null) {
                boolean nodeIsGone = code == 1006 || code == 1012;
                assertThat(nodeIsGone || (lost && code == 4401))
                        .as("%s kept its right, and was cut with %d", typist.principal(), code)
                        .isTrue();
                open.remove(typist);
                join(random);
            }
        }
    }

    private static void pause() {
        LockSupport.parkNanos(50_000_000);
    }

    @Test
    void rightsThatChangeWhileTheirHoldersType_holdWithinTheBound() throws Exception {
        long seed = Seeds.next("RightsCampaignIT");
        Random random = new Random(seed);
        begin();
        for (int i = 0; i < SOCKETS; i++) {
            join(random);
        }
        threads.execute(this::watchForStalls);
        campaign(random);
        settle();
        verify(seed);
    }

    /** Starts the database, Redis, the back end and the nodes. */
    private void begin() throws IOException {
        operator = NewKey.make("operator", "*", "admin");
        Files.writeString(dir.resolve("keys.jsonl"), operator.line() + "\n");
        answerAsBackEnd();
        postgres = PostgresServer.start(Files.createDirectory(dir.resolve("postgres")));
        postgres.execute("CREATE DATABASE rights");
        redis = RedisServer.start(Files.createDirectory(dir.resolve("redis")));
        List<CompletableFuture<KeckProcess>> starting = new ArrayList<>();
        for (int i = 0; i < NODES; i++) {
            starting.add(CompletableFuture.supplyAsync(this::node, threads));
        }
        starting.forEach(node -> nodes.add(node.join()));
    }

    /** Types, changes rights, kills nodes and Redis. */
    private void campaign(Random random) throws Exception {
        int redisGoes = ROUNDS / 4;
        int redisComes = ROUNDS / 2;
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < SOCKETS / 10; i++) {
                open.get(random.nextInt(open.size())).type();
            }
            for (int i = 0; i < Math.max(1, SOCKETS / 200); i++) {
                change(random);
            }
            if (round == redisGoes) {
                withoutRedis.add(new long[] {System.currentTimeMillis(), Long.MAX_VALUE});
                redis.kill();
            } else if (round == redisComes) {
                redis.restart();
                withoutRedis.get(0)[1] = System.currentTimeMillis() + 5_000;
            }
            if (round % (ROUNDS / KILLS) == ROUNDS / (2 * KILLS)) {
                int victim = anyNode(random);
                nodes.get(victim).kill();
                kills++;
                KeckProcess next = node();
                nodes.set(victim, next);
            }
            replace(random);
            pause();
        }
    }

    /**
     * The twin: nodes that hear of no revocation go on to accept what those write who have lost their right, and the measurement
     * sees it. The database hides the rows from them.
     */
    @Test
    void twin_nodesThatHearOfNoRevocation_acceptRowsAfterTheBound() throws Exception {
        Random random = new Random(Seeds.next("RightsCampaignIT, twin"));
        begin();
        try (Connection database = DriverManager.getConnection(postgres.jdbcUrl("rights"), "postgres", "");
                Statement statement = database.createStatement()) {
            statement.execute("CREATE TABLE told (subject text, created_at bigint)");
            statement.execute("""
                    CREATE FUNCTION hide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                      INSERT INTO told VALUES (NEW.subject, NEW.created_at);
                      NEW.kind := 'extension';
                      RETURN NEW;
                    END $$""");
            statement.execute(
                    "CREATE TRIGGER hide BEFORE INSERT ON access_revocations FOR EACH ROW EXECUTE FUNCTION hide()");
        }
        for (int i = 0; i < 10; i++) {
            join(random);
        }
        threads.execute(this::watchForStalls);
        open.stream().filter(GrantedTypist::mayWrite).forEach(typist -> {
            losing.add(typist.principal());
            post(random, typist.principal().startsWith(SESSION) ? "recheck" : "revoke", of(typist.principal()));
        });
        Eventually.await("a row is accepted later than the bound", () -> {
            open.forEach(GrantedTypist::type);
            return late("SELECT subject, min(created_at) FROM told GROUP BY subject")
                            .late()
                    > 0;
        });
        assertThat(open).allMatch(typist -> typist.endedWith() == null);
    }

    /** What was typed by those who may is saved, and those who lost their right are told. */
    private void settle() {
        Eventually.await(
                "everybody is told",
                () -> open.stream()
                        .filter(typist -> losing.contains(typist.principal()))
                        .filter(typist -> !typist.principal().startsWith(SESSION))
                        .allMatch(typist -> typist.endedWith() != null));
        Eventually.await(
                "those who gained the right are asked for what they hold",
                () -> open.stream()
                        .filter(typist -> gaining.contains(typist.principal()) && typist.endedWith() == null)
                        .allMatch(GrantedTypist::mayWrite));
        open.stream().filter(typist -> gaining.contains(typist.principal())).forEach(GrantedTypist::type);
        Eventually.await(
                "those who gained the right write",
                () -> open.stream()
                        .filter(typist -> gaining.contains(typist.principal()) && typist.endedWith() == null)
                        .allMatch(typist -> typist.saved() == typist.typed()));
    }

    /**
     * What was accepted after the end of a right.
     *
     * @param ended when the right of each principal ended
     * @param late rows later than the bound
     * @param worst milliseconds by which the latest row came after the end
     */
    private record Lateness(Map<String, Long> ended, int rows, int late, long worst) {}

    private Lateness late(String ends) {
        try (Connection database = DriverManager.getConnection(postgres.jdbcUrl("rights"), "postgres", "");
                Statement statement = database.createStatement()) {
            return late(statement, ends);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private Lateness late(Statement statement, String ends) throws SQLException {
        Map<String, Long> ended = new HashMap<>();
        long worst = 0;
        int late = 0;
        int rows = 0;
        try (ResultSet found = statement.executeQuery(ends)) {
            while (found.next()) {
                ended.put(found.getString(1).strip(), found.getLong(2));
            }
        }
        try (ResultSet found = statement.executeQuery(
                "SELECT a.principal, l.created_at FROM room_log l" + " JOIN authors a ON a.id = l.author")) {
            while (found.next()) {
                rows++;
                String principal = found.getString(1);
                long at = found.getLong(2);
                Long end = losing.contains(principal) ? ended.get(principal) : null;
                if (end != null && at > end) {
                    worst = Math.max(worst, at - end);
                    late += at - end > bound(end, at) ? 1 : 0;
                }
            }
        }
        return new Lateness(ended, rows, late, worst);
    }

    private void verify(long seed) throws Exception {
        Lateness found = late("SELECT subject, min(created_at) FROM access_revocations"
                + " WHERE kind IN ('principal', 'recheck') GROUP BY subject");
        System.out.printf(
                "RightsCampaignIT seed %d: %d sockets at a time, %d connections, %d rows, %d rights taken, %d given,"
                        + " %d nodes killed, %d connects put off; last row %d ms after its right was taken; machine stood still %d ms%n",
                seed,
                SOCKETS,
                all.size(),
                found.rows(),
                losing.size(),
                gaining.size(),
                kills,
                comeBack,
                found.worst(),
                stalled(0, Long.MAX_VALUE));
        assertThat(found.late())
                .as("rows accepted later than the bound; seed %d", seed)
                .isZero();
        assertThat(losing).as("seed %d", seed).isNotEmpty().allMatch(found.ended()::containsKey);
        assertNothingIsLost(seed);
    }

    private long bound(long from, long to) {
        boolean alone = withoutRedis.stream().anyMatch(away -> away[0] <= to && from <= away[1]);
        return (alone ? BOUND_ALONE : BOUND) + stalled(from, to);
    }

    private long stalled(long from, long to) {
        synchronized (stalls) {
            return stalls.stream()
                    .mapToLong(stall -> Math.max(0, Math.min(to, stall[1]) - Math.max(from, stall[0])))
                    .sum();
        }
    }

    private void assertNothingIsLost(long seed) {
        Map<String, List<GrantedTypist>> byRoom = new HashMap<>();
        all.forEach(typist ->
                byRoom.computeIfAbsent(typist.room(), room -> new ArrayList<>()).add(typist));
        long saved = 0;
        for (Map.Entry<String, List<GrantedTypist>> room : byRoom.entrySet()) {
            URI address = URI.create(nodes.get(0).room(room.getKey()) + "?token=" + operator.key());
            try (SyncClient reader = SyncClient.join(address)) {
                for (GrantedTypist typist : room.getValue()) {
                    long kept = typist.saved();
                    saved += kept;
                    if (kept > 0) {
                        reader.await(
                                "what was saved of " + typist.principal() + ", seed " + seed,
                                () -> reader.stateVector().clock(typist.client()) >= kept);
                    }
                }
            } catch (RawClient.Refused e) {
                throw new AssertionError(e);
            }
        }
        assertThat(saved).isPositive();
    }
}
