package io.keck.storage;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.db.DataSourceFactory;
import io.dropwizard.db.ManagedDataSource;
import io.dropwizard.jdbi3.JdbiFactory;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.dropwizard.validation.ValidationMethod;
import io.keck.metrics.LogMetrics;
import io.keck.storage.archive.Exporter;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.storage.database.Database;
import io.keck.storage.database.DatabaseChecks;
import io.keck.storage.database.DatabaseClock;
import io.keck.storage.database.DatabaseFailure;
import io.keck.storage.database.DatabaseRequirements;
import io.keck.storage.database.DatabaseUnusableException;
import io.keck.storage.database.DatabaseUrl;
import io.keck.storage.database.Dialect;
import io.keck.storage.database.DirectConnections;
import io.keck.storage.database.Durability;
import io.keck.storage.database.EmbeddedFile;
import io.keck.storage.database.Migrations;
import io.keck.storage.database.NamedStatements;
import io.keck.storage.database.PostgresSession;
import io.keck.storage.database.ServerConnections;
import io.keck.storage.doctor.DatabaseDoctor;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.storage.rows.Replica;
import io.keck.storage.rows.StoredRooms;
import io.keck.wing.Host;
import jakarta.validation.Valid;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.tomcat.jdbc.pool.DataSourceProxy;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * The {@code database} block of the configuration: Dropwizard's data source, whose {@code url} may also be a
 * {@code postgres://} URL or empty (SQLite in {@code ./data}), and how the log is written.
 */
public class DatabaseFactory extends DataSourceFactory {
    private static final long SNAPSHOT_BYTES = 16 << 20;
    private static final long PURGE_EVERY_NANOS = 1_000_000_000;
    private static final int REPLICA_CONNECTIONS = 4;
    /** Connections in addition to those of lanes and readers: blobs, the compactor, health checks, one spare. */
    private static final int OTHER_CONNECTIONS = JdbiBlobStore.CONNECTIONS + 3;

    @Valid
    @NotNull
    private LogSettings log = new LogSettings();

    private boolean migrateAtStart = true;

    /** Where drills restore backups; null for a file of their own, or the server of the database. */
    private @Nullable DatabaseFactory scratch;

    private HistoryFactory history = new HistoryFactory();

    /** A standby for histories and exports; null where none is configured. */
    private @Nullable DatabaseFactory replica;

    /** The {@code log} settings. Defaults are those of {@code config.yml}. */
    public static class LogSettings {
        /** The number of concurrent write transactions; always one on SQLite. */
        @Min(1)
        @Max(64)
        @JsonProperty
        private int lanes = 2;

        /** The number of concurrent reads. */
        @Min(2)
        @Max(64)
        @JsonProperty
        private int readers = 4;

        /** The shortest time between two transactions of a lane while there is work. */
        @NotNull
        @JsonProperty
        private Duration commitSpacing = Duration.milliseconds(1);

        /** The largest number of batches in one transaction. */
        @Min(1)
        @JsonProperty
        private int maxBatches = 1_000;

        /** Bytes of batches above which a transaction takes no more. */
        @NotNull
        @JsonProperty
        private DataSize maxTransaction = DataSize.mebibytes(8);

        /** How long rows are kept after they were folded into a snapshot, for readers that resume. */
        @NotNull
        @JsonProperty
        private Duration retention = Duration.hours(24);

        /** The number of rows after the last snapshot from which on a room is folded. */
        @Min(2)
        @JsonProperty
        private int snapshotEvery = 500;

        /** The largest part of the heap that loading one document may be estimated to take. */
        @DecimalMin("0.01")
        @DecimalMax("1")
        @JsonProperty
        private double maxLoad = 0.5;

        private Database.Settings database() {
            return new Database.Settings(
                    lanes, readers, commitSpacing.toJavaDuration(), maxBatches, maxTransaction.toBytes());
        }

        private JdbiUpdateLog.Settings log(java.time.Duration deletedNameHold) {
            return JdbiUpdateLog.Settings.DEFAULT
                    .withRetention(retention.toJavaDuration())
                    .withSnapshots(snapshotEvery, SNAPSHOT_BYTES)
                    .withDeletedNameHold(deletedNameHold);
        }
    }

    /** Creates the defaults: embedded SQLite with a small pool. */
    public DatabaseFactory() {
        setUrl(null);
        setInitialSize(1);
        setMinSize(1);
        setMaxSize(12);
        setMaxWaitForConnection(Duration.seconds(5));
        setCheckConnectionWhileIdle(false);
    }

    /** Whether the pool has a connection for each thread that writes or reads the log. */
    @JsonIgnore
    @ValidationMethod(message = "maxSize must be log.lanes + log.readers + 5 at least")
    public boolean isPoolLargeEnough() {
        return getMaxSize() >= log.lanes + log.readers + OTHER_CONNECTIONS;
    }

    @Override
    @JsonProperty
    public final void setUrl(@Nullable String url) {
        DatabaseUrl parsed = DatabaseUrl.parse(url);
        super.setUrl(parsed.jdbcUrl());
        setJdbcInterceptors(parsed.isSqlite() ? Optional.empty() : Optional.of(interceptors(url)));
        setDriverClass(parsed.isSqlite() ? "org.sqlite.JDBC" : "org.postgresql.Driver");
        if (parsed.user() != null) {
            setUser(parsed.user());
        }
        if (parsed.password() != null) {
            setPassword(parsed.password());
        }
    }

    /** The interceptors of the pool; statements get names unless the URL says how they are prepared. */
    private static String interceptors(@Nullable String url) {
        String session = PostgresSession.class.getName();
        return String.valueOf(url).contains(DatabaseUrl.PREPARE_THRESHOLD + "=")
                ? session
                : session + ";" + NamedStatements.class.getName();
    }

    /** The {@code log} part of the block. */
    @JsonProperty
    public LogSettings getLog() {
        return log;
    }

    /** Sets the {@code log} part of the block. */
    @JsonProperty
    public void setLog(LogSettings log) {
        this.log = log;
    }

    /** Sets how the history of documents is kept, which is a block of its own. */
    public void keepHistory(HistoryFactory history) {
        this.history = history;
    }

    /** Whether the schema is updated when the server starts. */
    @JsonProperty
    public boolean isMigrateAtStart() {
        return migrateAtStart;
    }

    /** Sets whether the schema is updated when the server starts. */
    @JsonProperty
    public void setMigrateAtStart(boolean migrateAtStart) {
        this.migrateAtStart = migrateAtStart;
    }

    /** The server, or the database, that drills restore backups into; null where none is configured. */
    public @Nullable DatabaseFactory scratch() {
        return scratch;
    }

    /** Sets the address of the scratch database, as {@link #setUrl} takes it; empty for none. */
    @JsonProperty
    public void setScratchUrl(@Nullable String url) {
        scratch = null;
        if (url != null && !url.isBlank()) {
            scratch = new DatabaseFactory();
            scratch.setUrl(url);
        }
    }

    /**
     * Sets the address of a standby that answers histories and exports, as {@link #setUrl} takes it; empty for none.
     */
    @JsonProperty
    public void setReplicaUrl(@Nullable String url) {
        replica = null;
        if (url != null && !url.isBlank()) {
            replica = new DatabaseFactory();
            replica.setUrl(DatabaseUrl.ofReplica(url));
            replica.setInitialSize(0); // a node starts while its replica is away
            replica.setMinSize(0);
            replica.setMaxSize(REPLICA_CONNECTIONS);
            replica.setMaxWaitForConnection(Duration.seconds(1));
        }
    }

    @JsonIgnore
    private DatabaseUrl parsedUrl() {
        return DatabaseUrl.parse(getUrl());
    }

    /** The directory of an embedded database; null for PostgreSQL. */
    public @Nullable Path embedded() {
        String file = parsedUrl().sqliteFile();
        return file == null ? null : Path.of(file).toAbsolutePath().getParent();
    }

    /**
     * Builds the pool, also for {@code db migrate}; creates the directory of an embedded database first.
     *
     * @throws DatabaseUnusableException if the database cannot be used, with the reason and the remedy
     */
    @Override
    public ManagedDataSource build(MetricRegistry metricRegistry, String name) {
        EmbeddedFile.makeDirectory(parsedUrl());
        DatabaseRequirements.check(connections());
        return super.build(metricRegistry, name);
    }

    /** A pool that may be of a server that is away. */
    private ManagedDataSource unchecked(MetricRegistry metricRegistry, String name) {
        return super.build(metricRegistry, name);
    }

    private @Nullable Replica replica(Environment environment, LogMetrics metrics) {
        DatabaseFactory standby = replica;
        if (standby == null) {
            return null;
        }
        ManagedDataSource pool = standby.unchecked(environment.metrics(), "replica");
        environment.lifecycle().manage(pool);
        return new Replica(Jdbi.create(pool), System::nanoTime, purger(pool), metrics);
    }

    /**
     * Opens the database: takes the lock of an embedded one, migrates if configured, warns if commits would not be
     * durable, starts the log and registers everything with the life cycle.
     *
     * @param nodeId the label that goes into each row
     * @param deletedNameHold how long after a deletion copies of the deleted room are refused
     */
    public Storage build(Environment environment, String nodeId, java.time.Duration deletedNameHold) {
        return build(environment, nodeId, deletedNameHold, LogMetrics.NONE);
    }

    /** As the other {@code build}, and registers ticks and gauges with a node. */
    public Storage build(Host host, String nodeId, java.time.Duration deletedNameHold, LogMetrics metrics) {
        Storage storage = build(host.environment(), nodeId, deletedNameHold, metrics);
        metrics.watch(storage.database()::answers, embedded());
        if (storage.database().isShared()) {
            ServerConnections server = new ServerConnections(storage.database().jdbi());
            host.manage(server);
            metrics.watchServer(server::used, server::most);
        }
        host.everyTick("log", storage.database()::probe);
        return storage;
    }

    private Storage build(
            Environment environment, String nodeId, java.time.Duration deletedNameHold, LogMetrics metrics) {
        DatabaseUrl url = parsedUrl();
        EmbeddedFile.prepare(url, environment.lifecycle());
        ManagedDataSource dataSource = build(environment.metrics(), "database");
        Jdbi jdbi = new JdbiFactory().build(environment, this, dataSource, "database");
        try {
            if (migrateAtStart) {
                Migrations.run(dataSource);
            } else {
                Migrations.requireNonePending(dataSource);
            }
            Durability.warn(jdbi, url.isSqlite());
        } catch (DatabaseUnusableException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new DatabaseUnusableException(DatabaseFailure.explain(e, url), e);
        }
        Dialect dialect = url.isSqlite() ? Dialect.SQLITE : Dialect.POSTGRES;
        Storage storage = new Storage(
                jdbi,
                dialect,
                nodeId,
                clock(environment, jdbi, url.isSqlite()),
                log.database(),
                log.log(deletedNameHold),
                history.settings(embedded()),
                purger(dataSource),
                metrics,
                replica(environment, metrics));
        long heap = Runtime.getRuntime().maxMemory();
        storage.log().loadAtMost(heap, (long) (log.maxLoad * heap));
        environment.lifecycle().manage(storage);
        DatabaseChecks.register(
                environment.healthChecks(),
                storage.database(),
                List.copyOf(Migrations.changeSets(dialect.isShared())),
                embedded());
        return storage;
    }

    /** The clock of the database; for an embedded one, which has a single node, that of the machine. */
    private static Clock clock(Environment environment, Jdbi jdbi, boolean embedded) {
        if (embedded) {
            return Clock.systemUTC();
        }
        DatabaseClock clock = new DatabaseClock(jdbi, System::nanoTime);
        environment.lifecycle().manage(clock);
        return clock;
    }

    /** Returns the doctor of the configured database. */
    public DatabaseDoctor doctor() {
        return new DatabaseDoctor(
                connections(),
                getMaxSize(),
                Clock.systemUTC(),
                history.settings(embedded()).directory());
    }

    /** Returns the rooms of the configured database, for a command that changes nothing. */
    public StoredRooms storedRooms() {
        return new StoredRooms(connections());
    }

    /** Connections to the database that is configured, for a command. */
    @JsonIgnore
    public DirectConnections connections() {
        return new DirectConnections(parsedUrl(), getUser(), getPassword());
    }

    /**
     * Writes rooms into an archive; may run while a server is running.
     *
     * @param only the name of the one room, or null for all
     * @throws IllegalStateException if the database cannot be read, with the remedy
     */
    public Exporter.Result export(
            Path file, @Nullable String only, boolean withBlobs, boolean withDamaged, Exporter.Listener listener)
            throws IOException {
        DirectConnections connections = connections();
        if (!connections.isThere()) {
            throw new IllegalStateException("There is no database at " + parsedUrl() + ".");
        }
        ManagedDataSource standby = replica == null ? null : replica.unchecked(new MetricRegistry(), "replica");
        try (Handle h = connections.jdbi(true).open()) {
            if (!DirectConnections.hasChecksums(connections.applied(h))) {
                throw new IllegalStateException(
                        "The schema is not up to date. Run: java -jar keck.jar db migrate config.yml");
            }
            Replica asked = standby == null
                    ? null
                    : new Replica(Jdbi.create(standby), System::nanoTime, purger(standby), LogMetrics.NONE);
            return new Exporter(h, asked, only, withBlobs, withDamaged, listener).run(file);
        } finally {
            if (standby instanceof DataSourceProxy pool) {
                pool.close();
            }
        }
    }

    /**
     * Discards idle connections, at most once a second, because after a restart of the database all of them are broken.
     */
    private static Runnable purger(ManagedDataSource dataSource) {
        AtomicLong last = new AtomicLong(System.nanoTime() - PURGE_EVERY_NANOS);
        return () -> {
            long now = System.nanoTime();
            long before = last.get();
            if (dataSource instanceof DataSourceProxy pool
                    && now - before >= PURGE_EVERY_NANOS
                    && last.compareAndSet(before, now)) {
                pool.purge();
            }
        };
    }
}
