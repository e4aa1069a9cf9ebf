package io.keck.testing;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.DataSourceFactory;
import io.dropwizard.db.ManagedDataSource;
import io.keck.metrics.LogMetrics;
import io.keck.storage.Storage;
import io.keck.storage.database.Database;
import io.keck.storage.database.DatabaseUrl;
import io.keck.storage.database.Dialect;
import io.keck.storage.database.Migrations;
import io.keck.storage.log.JdbiUpdateLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** A migrated SQLite file with the pool of production and a clock that is set by hand. */
public final class SqliteFile implements AutoCloseable {
    /** The pool, started. */
    public final ManagedDataSource pool;
    /** A handle factory over the pool. */
    public final Jdbi jdbi;
    /** The clock of the storage; it moves only by hand. */
    public final HandClock clock = new HandClock();

    /** Stands still until it is set. */
    public static final class HandClock extends Clock {
        /** The time that the clock shows, in milliseconds since 1970. */
        public volatile long now = 1_700_000_000_000L;

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(now);
        }
    }

    /** The bytes of a file that is migrated and empty: migrations take far longer than to write what they make. */
    private static byte @Nullable [] migrated;

    /** The one that is there, or a new one. */
    public SqliteFile(Path file) throws Exception {
        if (!Files.exists(file)) {
            Files.write(file, migrated());
        }
        pool = pool(file);
        pool.start();
        jdbi = Jdbi.create(pool);
    }

    private static synchronized byte[] migrated() throws Exception {
        if (migrated == null) {
            Path dir = Files.createTempDirectory("keck-sqlite");
            Path file = dir.resolve("keck.db");
            try {
                migrate(file);
                migrated = Files.readAllBytes(file);
            } finally {
                Files.deleteIfExists(file);
                Files.delete(dir);
            }
        }
        return migrated;
    }

    /** Runs the migrations on the file; afterwards all of it is in that one file. */
    public static void migrate(Path file) throws Exception {
        ManagedDataSource pool = pool(file);
        pool.start();
        try {
            Migrations.run(pool);
        } finally {
            pool.stop();
        }
    }

    /** A started pool of production over that file. */
    public static ManagedDataSource pool(Path file) {
        DataSourceFactory factory = new DataSourceFactory();
        factory.setUrl(DatabaseUrl.parse("jdbc:sqlite:" + file).jdbcUrl());
        factory.setDriverClass("org.sqlite.JDBC");
        factory.setInitialSize(1);
        factory.setMinSize(1);
        factory.setMaxSize(8);
        return factory.build(new MetricRegistry(), "test");
    }

    /** Storage that folds only when it is told to. */
    public Storage storage(long retentionMillis) {
        return storage(retentionMillis, Integer.MAX_VALUE);
    }

    /** Storage with that retention in milliseconds and that number of rows between snapshots. */
    public Storage storage(long retentionMillis, int snapshotEvery) {
        return storage(settings(retentionMillis, snapshotEvery));
    }

    /** Storage with these settings. */
    public Storage storage(JdbiUpdateLog.Settings settings) {
        return storage(jdbi, Dialect.SQLITE, clock, settings);
    }

    static Storage storage(Jdbi jdbi, Dialect dialect, Clock clock, JdbiUpdateLog.Settings settings) {
        return new Storage(
                jdbi,
                dialect,
                "test",
                clock,
                Database.Settings.DEFAULT.withThreads(2, 2).withCommitSpacing(Duration.ZERO),
                settings,
                () -> {},
                LogMetrics.NONE);
    }

    static JdbiUpdateLog.Settings settings(long retentionMillis, int snapshotEvery) {
        return JdbiUpdateLog.Settings.DEFAULT
                .withRetention(Duration.ofMillis(retentionMillis))
                .withSnapshots(snapshotEvery, Long.MAX_VALUE);
    }

    /** How many rows the table has. */
    public long count(String table) {
        return jdbi.withHandle(h ->
                h.createQuery("SELECT count(*) FROM " + table).mapTo(Long.class).one());
    }

    /** Marks a room as deleted, as the server does before it sweeps the rows. */
    public void deleteRoom(String name) {
        jdbi.useHandle(h -> h.createUpdate("UPDATE rooms SET deleted_at = 1 WHERE name = :name AND deleted_at IS NULL")
                .bind("name", name)
                .execute());
    }

    @Override
    public void close() throws Exception {
        pool.stop();
    }
}
