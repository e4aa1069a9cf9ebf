package io.keck.bench;

import com.sun.net.httpserver.HttpServer;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.DoubleStream;

/**
 * What a webhook costs: processor time of a node with 500 rooms, in each of which somebody types, with an endpoint and
 * without one, round about; that of its PostgreSQL beside it. With the jar of another Keck, which has its config.yml
 * beside it, also what that takes for the same without an endpoint. Not a test: {@code main}. System properties: {@code
 * rooms}, {@code edits} (a second), {@code warmup} (seconds).
 */
public final class FeedBench {
    private static final int ROOMS = Integer.getInteger("rooms", 500);
    private static final int EDITS_A_SECOND = Integer.getInteger("edits", 1_000);
    private static final int WARM_UP_MILLIS = 1_000 * Integer.getInteger("warmup", 30);

    private FeedBench() {}

    /** Milliseconds of processor time, of the node and of its PostgreSQL. */
    private record Cost(double keck, double database) {
        double both() {
            return keck + database;
        }

        /** The medians of many. */
        static Cost median(Cost... costs) {
            return new Cost(
                    middle(Arrays.stream(costs).mapToDouble(Cost::keck)),
                    middle(Arrays.stream(costs).mapToDouble(Cost::database)));
        }

        private static double middle(DoubleStream values) {
            double[] sorted = values.sorted().toArray();
            return sorted[sorted.length / 2];
        }
    }

    /** One node and those who type there. */
    private static final class Load implements AutoCloseable {
        final KeckProcess keck;
        final PostgresServer postgres;
        final List<SyncClient> clients = new ArrayList<>();
        final List<Typist> typists = new ArrayList<>();
        int next;

        Load(KeckProcess keck, PostgresServer postgres) {
            this.keck = keck;
            this.postgres = postgres;
            for (int i = 0; i < ROOMS; i++) {
                clients.add(SyncClient.join(keck.room("bench" + i)));
                typists.add(new Typist(1_000 + i));
            }
        }

        private Cost cpu() {
            return new Cost(
                    keck.cpu().toNanos(), postgres == null ? 0 : postgres.cpu().toNanos());
        }

        /** Types for so long; what each edit costs. */
        Cost run(int millis) {
            Cost before = cpu();
            long begin = System.nanoTime();
            long edits = 0;
            while (System.nanoTime() - begin < millis * 1_000_000L) {
                long due = (System.nanoTime() - begin) * EDITS_A_SECOND / 1_000_000_000L;
                for (; edits < due; edits++) {
                    int i = next++ % ROOMS;
                    clients.get(i).write(typists.get(i).type("x"));
                }
                LockSupport.parkNanos(1_000_000);
            }
            Cost after = cpu();
            return new Cost(
                    (after.keck() - before.keck()) / 1e6 / edits, (after.database() - before.database()) / 1e6 / edits);
        }

        @Override
        public void close() {
            clients.forEach(SyncClient::close);
            keck.close();
        }
    }

    /** Arguments: sqlite or postgres, rounds, seconds a round, perhaps the jar of another Keck. */
    public static void main(String[] args) throws Exception {
        boolean postgres = args[0].equals("postgres");
        int rounds = Integer.parseInt(args[1]);
        int millis = 1_000 * Integer.parseInt(args[2]);
        Path dir = Files.createTempDirectory("keck-bench");
        LongAdder deliveries = new LongAdder();
        HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
            deliveries.increment();
        });
        receiver.setExecutor(Executors.newCachedThreadPool());
        receiver.start();
        String url = "http://127.0.0.1:" + receiver.getAddress().getPort() + "/";
        PostgresServer server = postgres ? PostgresServer.start(dir) : null;
        String jar = System.getProperty("keck.jar", "target/keck.jar");
        try (Load load = new Load(start(server, "postgres", dir), server)) {
            Cost[] without = new Cost[rounds];
            Cost[] with = new Cost[rounds];
            load.run(WARM_UP_MILLIS);
            set(load.keck, url);
            load.run(WARM_UP_MILLIS);
            for (int i = 0; i < rounds; i++) {
                set(load.keck, "");
                load.run(2_000);
                without[i] = load.run(millis);
                set(load.keck, url);
                load.run(2_000);
                long before = deliveries.sum();
                with[i] = load.run(millis);
                System.out.printf(
                        "%s, %d rooms, %d edits/s, %d deliveries:%n",
                        args[0], ROOMS, EDITS_A_SECOND, deliveries.sum() - before);
                print(without[i], with[i]);
            }
            System.out.println("medians:");
            print(Cost.median(without), Cost.median(with));
        }
        if (args.length > 3) {
            compare(server, dir, jar, args[3], rounds, millis);
        }
        if (server != null) {
            server.close();
        }
        System.exit(0);
    }

    private static void print(Cost without, Cost with) {
        System.out.printf(
                "  ms of CPU an edit: Keck %.3f without, %.3f with: x %.2f; PostgreSQL %.3f, %.3f; both x %.2f%n",
                without.keck(),
                with.keck(),
                with.keck() / without.keck(),
                without.database(),
                with.database(),
                with.both() / without.both());
    }

    /** Two Kecks at the same time, so that both have the same machine; neither has an endpoint. */
    private static void compare(PostgresServer server, Path dir, String jar, String other, int rounds, int millis)
            throws Exception {
        Path mine = Files.createDirectories(dir.resolve("mine"));
        Path others = Files.createDirectories(dir.resolve("others"));
        if (server != null) {
            server.execute("CREATE DATABASE mine");
            server.execute("CREATE DATABASE others");
        }
        System.setProperty("keck.jar", jar);
        Load here = new Load(start(server, "mine", mine), null);
        System.setProperty("keck.jar", other);
        Load there = new Load(
                setup(server, "others", others)
                        .config(Path.of(other).resolveSibling("config.yml"))
                        .start(),
                null);
        double[] ratios = new double[rounds];
        here.run(WARM_UP_MILLIS);
        there.run(WARM_UP_MILLIS);
        for (int i = 0; i < rounds; i++) {
            double a = here.run(millis).keck();
            double b = there.run(millis).keck();
            ratios[i] = a / b;
            System.out.printf("without an endpoint: %.3f ms of CPU an edit, %.3f of the other: x %.2f%n", a, b, a / b);
        }
        System.out.printf("median: x %.2f%n", Cost.middle(Arrays.stream(ratios)));
        here.close();
        there.close();
    }

    private static KeckProcess start(PostgresServer server, String database, Path dir) {
        return setup(server, database, dir).env("HOOK_ALLOW_PRIVATE", "true").start();
    }

    private static KeckProcess.Setup setup(PostgresServer server, String database, Path dir) {
        return server == null ? KeckProcess.in(dir) : KeckProcess.on(server, database, dir);
    }

    private static void set(KeckProcess keck, String url) throws Exception {
        int status = KeckProcess.HTTP
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + keck.port() + "/api/subscribe"))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString("{\"endpoint\":\"" + url + "\"}"))
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
        if (status != 200) {
            throw new IllegalStateException("the endpoint is refused: " + status);
        }
        TimeUnit.SECONDS.sleep(1);
    }
}
