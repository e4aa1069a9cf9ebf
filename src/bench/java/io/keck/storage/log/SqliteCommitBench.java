package io.keck.storage.log;

import io.keck.room.UpdateLog;
import io.keck.storage.database.DatabaseUrl;
import io.keck.storage.database.Write;
import io.keck.testing.SqliteFile;
import io.keck.testing.TestDatabase;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * Processor time and wall time of a commit of our log beside a bare one, on SQLite with every commit on the disk. The bare one
 * inserts the same number of rows into a table with the same key through the driver alone. Turn by turn in one process, one
 * thread. Not a test: {@code main}. Arguments: commits a measurement, rounds.
 */
final class SqliteCommitBench {
    private static final int PAYLOAD = 60;
    private static final int ROOMS = 500;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private SqliteCommitBench() {}

    private record Cost(double cpuMicros, double wallMicros) {}

    private interface Commit {
        void of(int rows, int turn) throws Exception;
    }

    public static void main(String[] args) throws Exception {
        int commits = args.length > 0 ? Integer.parseInt(args[0]) : 2000;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        Path dir = Files.createTempDirectory("keck-bench");
        try (TestDatabase db = new SqliteFile(dir.resolve("keck.db"));
                Connection bare = DriverManager.getConnection(DatabaseUrl.parse("jdbc:sqlite:" + dir.resolve("bare.db"))
                        .jdbcUrl())) {
            Commit ours = ours(db);
            Commit raw = bare(bare);
            for (int rows : new int[] {1, 3, 10, 30}) {
                for (int round = 0; round <= rounds; round++) {
                    Cost b = measure(raw, rows, commits);
                    Cost o = measure(ours, rows, commits);
                    if (round > 0) { // the first warms up
                        System.out.printf(
                                "%2d rows: bare %4.0f us of CPU, %4.0f us; log %4.0f us of CPU, %4.0f us; ratio %.2f%n",
                                rows,
                                b.cpuMicros(),
                                b.wallMicros(),
                                o.cpuMicros(),
                                o.wallMicros(),
                                o.cpuMicros() / b.cpuMicros());
                    }
                }
            }
        }
        System.exit(0);
    }

    private static Cost measure(Commit commit, int rows, int commits) throws Exception {
        long cpu = THREADS.getCurrentThreadCpuTime();
        long wall = System.nanoTime();
        for (int i = 0; i < commits; i++) {
            commit.of(rows, i);
        }
        return new Cost(
                (THREADS.getCurrentThreadCpuTime() - cpu) / 1e3 / commits, (System.nanoTime() - wall) / 1e3 / commits);
    }

    private static byte[] payload() {
        byte[] payload = new byte[PAYLOAD];
        new Random(1).nextBytes(payload);
        return payload;
    }

    private static Commit bare(Connection connection) throws Exception {
        try (Statement s = connection.createStatement()) {
            s.execute("CREATE TABLE bare (room_id bigint, seq bigint, payload blob, PRIMARY KEY (room_id, seq))");
        }
        connection.setAutoCommit(false);
        PreparedStatement insert = connection.prepareStatement("INSERT INTO bare VALUES (?, ?, ?)");
        byte[] payload = payload();
        long[] seq = new long[1];
        return (rows, turn) -> {
            seq[0]++;
            for (int i = 0; i < rows; i++) {
                insert.setLong(1, (turn * rows + i) % ROOMS);
                insert.setLong(2, seq[0]);
                insert.setBytes(3, payload);
                insert.executeUpdate();
            }
            connection.commit();
        };
    }

    private static Commit ours(TestDatabase db) {
        LogWriter writer = new LogWriter(db.jdbi, new SqliteStatements(), "bench", Clock.systemUTC());
        List<Long> rooms = new ArrayList<>();
        for (int i = 0; i < ROOMS; i++) {
            LogWrite.Create create = new LogWrite.Create("room" + i, Long.MAX_VALUE, new CompletableFuture<>());
            writer.commit(List.of(create));
            rooms.add(create.done().join());
        }
        byte[] payload = payload();
        Random random = new Random(2);
        return (rows, turn) -> {
            List<Write> group = new ArrayList<>(rows);
            for (int i = 0; i < rows; i++) {
                UUID id = new UUID(System.currentTimeMillis() << 16 | 0x7000 | random.nextInt(4096), random.nextLong());
                group.add(new LogWrite.Append(
                        rooms.get((turn * rows + i) % ROOMS),
                        List.of(new UpdateLog.Entry(id, random.nextLong() >>> 1, payload, null)),
                        false,
                        null,
                        new CompletableFuture<>()));
            }
            writer.commit(group);
            for (Write write : group) {
                ((LogWrite.Append) write).done().join();
            }
        };
    }
}
