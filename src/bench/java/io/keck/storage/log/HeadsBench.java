package io.keck.storage.log;

import io.keck.room.UpdateLog;
import io.keck.storage.Storage;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What the comparison of many open rooms with the log costs, on a real PostgreSQL: how long one question takes, there and
 * back, and how much processor time of the node. Every hundredth room has changed. Arguments: rooms, questions. Not a test:
 * {@code main}.
 */
public final class HeadsBench {
    private static final int WARM_UP = 300;

    private HeadsBench() {}

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        int rooms = Integer.parseInt(args[0]);
        int questions = Integer.parseInt(args[1]);
        Path dir = Files.createTempDirectory("keck-heads");
        try (PostgresServer server = PostgresServer.start(dir);
                PostgresDatabase db = new PostgresDatabase(server)) {
            db.jdbi.useHandle(h -> h.execute(
                    "INSERT INTO rooms (id, name, head, head_link, created_at)"
                            + " SELECT n * 900719925::bigint % 9007199254740991, 'room' || n, n % 100, n, 0"
                            + " FROM generate_series(1, ?) n",
                    10 * rooms)); // most are not open
            List<Long> ids = db.jdbi.withHandle(h -> h.createQuery("SELECT id FROM rooms ORDER BY name LIMIT :n")
                    .bind("n", rooms)
                    .mapTo(Long.class)
                    .list());
            db.jdbi.useHandle(h -> h.execute("VACUUM ANALYZE rooms"));
            Storage storage = db.storage();
            JdbiUpdateLog log = storage.log();
            Map<Long, UpdateLog.Head> known = ask(log, ids);
            db.jdbi.useHandle(h -> h.execute("UPDATE rooms SET head = head + 1 WHERE id % 100 = 7"));
            for (int i = 0; i < WARM_UP; i++) {
                ask(log, ids);
            }
            long cpu = readers();
            long[] nanos = new long[questions];
            for (int i = 0; i < questions; i++) {
                long began = System.nanoTime();
                ask(log, ids);
                nanos[i] = System.nanoTime() - began;
                TimeUnit.MILLISECONDS.sleep(20);
            }
            double each = (readers() - cpu) / 1e6 / questions;
            Arrays.sort(nanos);
            System.out.printf(
                    "%d rooms: a question takes %.1f ms (median), %.1f (99 %%), %.1f at most; %.2f ms of the node's CPU,"
                            + " that is %.2f %% of a core every 3 s, %.1f %% every 0.2 s%n",
                    known.size(),
                    nanos[questions / 2] / 1e6,
                    nanos[questions * 99 / 100] / 1e6,
                    nanos[questions - 1] / 1e6,
                    each,
                    each / 3_000 * 100,
                    each / 200 * 100);
            storage.stop();
        }
        System.exit(0);
    }

    private static Map<Long, UpdateLog.Head> ask(UpdateLog log, List<Long> ids) {
        return log.heads(ids).toCompletableFuture().join();
    }

    private static long readers() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (ThreadInfo info : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (info != null && info.getThreadName().startsWith("log-reader")) {
                sum += threads.getThreadCpuTime(info.getThreadId());
            }
        }
        return sum;
    }
}
