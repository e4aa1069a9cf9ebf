package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.dropwizard.db.ManagedDataSource;
import io.keck.testing.SqliteFile;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MigrationsTest {
    @TempDir
    Path dir;

    private static long changeSets(ManagedDataSource pool) {
        return Jdbi.create(pool)
                .withHandle(h -> h.createQuery("SELECT count(*) FROM DATABASECHANGELOG")
                        .mapTo(Long.class)
                        .one());
    }

    @Test
    void run_twiceChangesNothing() throws Exception {
        SqliteFile.migrate(dir.resolve("keck.db"));
        try (SqliteFile db = new SqliteFile(dir.resolve("keck.db"))) {
            long before = changeSets(db.pool);
            Migrations.run(db.pool);
            assertThat(changeSets(db.pool)).isEqualTo(before).isPositive();
        }
    }

    @Test
    void run_leavesPooledConnectionsInAutocommitMode() throws Exception {
        try (SqliteFile db = new SqliteFile(dir.resolve("keck.db"))) {
            Migrations.run(db.pool);
            List<Connection> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(db.pool.getConnection());
            }
            for (Connection connection : all) {
                assertThat(connection.getAutoCommit()).isTrue();
                connection.close();
            }
        }
    }

    @Test
    void run_fromSeveralThreadsAtOnceIsFine() throws Exception {
        int nodes = 3;
        Path file = dir.resolve("keck.db");
        CyclicBarrier barrier = new CyclicBarrier(nodes);
        ExecutorService threads = Executors.newFixedThreadPool(nodes);
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            done.add(CompletableFuture.runAsync(() -> migrate(file, barrier), threads));
        }
        for (CompletableFuture<Void> each : done) {
            each.get(120, TimeUnit.SECONDS);
        }
        threads.shutdown();
        try (SqliteFile db = new SqliteFile(file)) {
            assertThat(db.count("rooms")).isZero();
        }
    }

    private static void migrate(Path file, CyclicBarrier barrier) {
        try {
            ManagedDataSource pool = SqliteFile.pool(file);
            synchronized (MigrationsTest.class) {
                pool.start(); // a new file becomes one with a write-ahead log, which SQLite lets nobody wait for
            }
            try {
                barrier.await(60, TimeUnit.SECONDS);
                Migrations.run(pool);
            } finally {
                pool.stop();
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
