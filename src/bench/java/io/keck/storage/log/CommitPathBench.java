package io.keck.storage.log;

import io.keck.metrics.LogMetrics;
import io.keck.room.UpdateLog;
import io.keck.storage.Storage;
import io.keck.storage.database.Database;
import io.keck.storage.database.Dialect;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Rows per second of the commit path beside those of a bare insert into a table with the same primary key, on the same
 * PostgreSQL in the same run, turn by turn. As many rooms as a transaction of the bare insert has rows; each room hands
 * over its next batch when it has the answer to the last, as rooms do. Not a test: {@code main}.
 */
final class CommitPathBench {
    private static final int PAYLOAD = 60;

    private CommitPathBench() {}

    /** Arguments: seconds a measurement, rounds. */
    public static void main(String[] args) throws Exception {
        double seconds = args.length > 0 ? Double.parseDouble(args[0]) : 3;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        Path dir = Files.createTempDirectory("keck-bench");
        try (PostgresServer server = PostgresServer.start(dir);
                PostgresDatabase db = new PostgresDatabase(server)) {
            for (int rooms : new int[] {1, 10, 100, 500}) {
                List<Double> ratios = new ArrayList<>();
                for (int round = 0; round <= rounds; round++) {
                    double bare = bare(server, db, rooms, seconds);
                    double ours = ours(db, rooms, seconds);
                    if (round > 0) { // the first warms up
                        ratios.add(ours / bare);
                        System.out.printf(
                                "%4d rooms: bare %8.0f rows/s, log %8.0f rows/s, ratio %.2f%n",
                                rooms, bare, ours, ours / bare);
                    }
                }
                ratios.sort(null);
                System.out.printf("%4d rooms: median ratio %.2f%n", rooms, ratios.get(ratios.size() / 2));
            }
        }
        System.exit(0);
    }

    private static double bare(PostgresServer server, PostgresDatabase db, int rows, double seconds)
            throws SQLException {
        db.jdbi.useHandle(h -> {
            h.execute("DROP TABLE IF EXISTS bare");
            h.execute("CREATE TABLE bare (room_id bigint, seq bigint, payload bytea, PRIMARY KEY (room_id, seq))");
        });
        byte[] payload = new byte[PAYLOAD];
        new Random(1).nextBytes(payload);
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + server.port() + "/" + db.name + "?reWriteBatchedInserts=true",
                        "postgres",
                        "");
                PreparedStatement insert = connection.prepareStatement("INSERT INTO bare VALUES (?, ?, ?)")) {
            connection.setAutoCommit(false);
            long start = System.nanoTime();
            long end = start + (long) (seconds * 1e9);
            long seq = 0;
            while (System.nanoTime() < end) {
                seq++;
                for (int room = 0; room < rows; room++) {
                    insert.setLong(1, room);
                    insert.setLong(2, seq);
                    insert.setBytes(3, payload);
                    insert.addBatch();
                }
                insert.executeBatch();
                connection.commit();
            }
            return seq * rows / ((System.nanoTime() - start) / 1e9);
        }
    }

    private static double ours(PostgresDatabase db, int rooms, double seconds) throws Exception {
        Storage storage = new Storage(
                db.jdbi,
                Dialect.POSTGRES,
                "bench",
                Clock.systemUTC(),
                Database.Settings.DEFAULT
                        .withThreads(Integer.getInteger("lanes", 2), 4)
                        .withCommitSpacing(Duration.ofNanos(Long.getLong("spacing", 1_000_000))),
                JdbiUpdateLog.Settings.DEFAULT.withSnapshots(Integer.MAX_VALUE, Long.MAX_VALUE),
                () -> {},
                LogMetrics.NONE);
        UpdateLog log = storage.log();
        List<Long> ids = new ArrayList<>();
        String prefix = UUID.randomUUID().toString();
        for (int i = 0; i < rooms; i++) {
            ids.add(log.open(prefix + i).toCompletableFuture().join().roomId());
        }
        byte[] payload = new byte[PAYLOAD];
        new Random(1).nextBytes(payload);
        AtomicLong done = new AtomicLong();
        CountDownLatch left = new CountDownLatch(rooms);
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        for (long id : ids) {
            next(log, id, payload, end, done, left);
        }
        left.await();
        double rate = done.get() / ((System.nanoTime() - start) / 1e9);
        storage.stop();
        return rate;
    }

    private static void next(UpdateLog log, long id, byte[] payload, long end, AtomicLong done, CountDownLatch left) {
        if (System.nanoTime() >= end) {
            left.countDown();
            return;
        }
        ThreadLocalRandom random = ThreadLocalRandom.current();
        java.util.function.Supplier<UUID> ids =
                () -> new UUID(System.currentTimeMillis() << 16 | 0x7000 | random.nextInt(4096), random.nextLong());
        var unused = log.append(id, ids.get(), random.nextLong() >>> 1, payload, false)
                .whenComplete((at, error) -> {
                    if (error != null) {
                        throw new IllegalStateException(error);
                    }
                    done.incrementAndGet();
                    next(log, id, payload, end, done, left);
                });
    }
}
