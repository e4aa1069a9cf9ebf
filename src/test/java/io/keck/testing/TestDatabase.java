package io.keck.testing;

import io.dropwizard.db.ManagedDataSource;
import io.keck.metrics.LogMetrics;
import io.keck.storage.Storage;
import io.keck.storage.database.Database;
import io.keck.storage.database.Dialect;
import io.keck.storage.history.HistorySettings;
import io.keck.storage.log.JdbiUpdateLog;
import java.time.Duration;
import org.jdbi.v3.core.Jdbi;

/**
 * A migrated database with the pool of production and a clock that a test sets. {@link FreshDatabase} opens an empty one for
 * each test. Closing it stops the pool; storage made over it has to be stopped before.
 */
public abstract class TestDatabase implements AutoCloseable {
    private static final long RETENTION_MILLIS = 1_000;

    /** The pool, started. */
    public final ManagedDataSource pool;
    /** Handles over the pool. */
    public final Jdbi jdbi;
    /** The clock of all storage over this database. */
    public final HandClock clock = new HandClock();

    private final Dialect dialect;
    private final String url;

    /**
     * Starts the pool.
     *
     * @param url the address, as {@code DATABASE_URL} takes it
     */
    TestDatabase(Dialect dialect, String url, ManagedDataSource pool) throws Exception {
        this.dialect = dialect;
        this.url = url;
        this.pool = pool;
        this.jdbi = Jdbi.create(pool);
        pool.start();
    }

    /** The address, as {@code DATABASE_URL} takes it. */
    public final String url() {
        return url;
    }

    /** Settings of storage that keeps folded rows for a second and folds only when it is told to. */
    public static JdbiUpdateLog.Settings settings() {
        return JdbiUpdateLog.Settings.DEFAULT
                .withRetention(Duration.ofMillis(RETENTION_MILLIS))
                .withSnapshots(Integer.MAX_VALUE, Long.MAX_VALUE);
    }

    /** Storage over this database, as one node has it; to be stopped by the caller. */
    public final Storage storage(JdbiUpdateLog.Settings settings) {
        return storage(settings, HistorySettings.OFF);
    }

    /** The same, with history. */
    public final Storage storage(JdbiUpdateLog.Settings settings, HistorySettings history) {
        return new Storage(
                jdbi,
                dialect,
                "test",
                clock,
                Database.Settings.DEFAULT.withThreads(2, 2).withCommitSpacing(Duration.ZERO),
                settings,
                history,
                () -> {},
                LogMetrics.NONE,
                null);
    }

    /** The number of rows of a table. */
    public final long count(String table) {
        return jdbi.withHandle(h ->
                h.createQuery("SELECT count(*) FROM " + table).mapTo(Long.class).one());
    }

    /** Marks a room as deleted, as the server does before it sweeps the rows. */
    public final void deleteRoom(String name) {
        jdbi.useHandle(h -> h.createUpdate("UPDATE rooms SET deleted_at = 1 WHERE name = :name AND deleted_at IS NULL")
                .bind("name", name)
                .execute());
    }

    @Override
    public void close() throws Exception {
        pool.stop();
    }
}
