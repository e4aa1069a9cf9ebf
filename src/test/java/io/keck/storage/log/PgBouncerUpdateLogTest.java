package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.ManagedDataSource;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLogContract;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.Storage;
import io.keck.storage.database.DatabaseUrl;
import io.keck.storage.database.NamedStatements;
import io.keck.testing.PgBouncer;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;

/** The contract through a pooler that gives each transaction another connection; migrations run through it, too. */
class PgBouncerUpdateLogTest extends UpdateLogContract {
    @TempDir
    private static Path dir;

    private static PostgresServer server;
    private static PgBouncer bouncer;

    private PostgresDatabase db;
    private Storage storage;
    private JdbiUpdateLog log;

    @BeforeAll
    static void startServers() {
        server = PostgresServer.start(dir);
        bouncer = PgBouncer.start(dir, server);
    }

    @AfterAll
    static void stopServers() {
        if (bouncer != null) {
            bouncer.close();
        }
        server.close();
    }

    @BeforeEach
    void open() throws Exception {
        db = new PostgresDatabase(server, bouncer.address());
        storage = db.storage();
        log = storage.log();
    }

    @AfterEach
    void close() throws Exception {
        storage.stop();
        db.close();
    }

    @Override
    protected UpdateLog log() {
        return log;
    }

    @Override
    protected UpdateLog reopened() {
        try {
            storage.stop();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        storage = db.storage();
        log = storage.log();
        return log;
    }

    @Test
    void migrations_runThroughAPooler() throws Exception {
        server.execute("CREATE DATABASE pooled");
        try (PostgresDatabase pooled = new PostgresDatabase(server, "pooled", bouncer.address())) {
            Storage freshStorage = pooled.storage();
            JdbiUpdateLog fresh = freshStorage.log();
            assertThat(await(fresh.open("a")).rows()).isEmpty();
            freshStorage.stop();
        }
    }

    @Test
    void compaction_worksThroughAPooler() throws Exception {
        long a = await(log.open("a")).roomId();
        for (int i = 0; i < 10; i++) {
            await(log.append(a, UUID.randomUUID(), 1 + i, update(i), false));
        }
        Compactor compactor = new Compactor(storage.database(), db.clock, Duration.ZERO, Followers.NONE);
        assertThat(compactor.compact(a)).isTrue();
        compactor.stop();

        UpdateLog.Contents contents = await(log.open("a"));
        assertThat(contents.snapshotSeq()).isEqualTo(10);
        assertThat(contents.rows()).isEmpty();
        assertThat(contents.head().link()).isEqualTo(10);
        assertThat(await(log.read(a, 10)).anchor())
                .as("the snapshot knows its last row")
                .isEqualTo(10);
    }

    @Test
    void statementsHaveNames_onlyWhereNoPoolerIsBetween() throws Exception {
        try (Connection pooled = db.pool.getConnection();
                PostgresDatabase straight = new PostgresDatabase(server);
                Connection direct = straight.pool.getConnection()) {
            assertThat(pooled.unwrap(PGConnection.class).getPrepareThreshold()).isZero();
            assertThat(direct.unwrap(PGConnection.class).getPrepareThreshold()).isEqualTo(NamedStatements.THRESHOLD);
        }
    }

    @Test
    void whatTheUrlSays_holds() throws Exception {
        DatabaseFactory factory = new DatabaseFactory();
        factory.setUrl(server.url() + "?prepareThreshold=7");
        ManagedDataSource pool = factory.build(new MetricRegistry(), "test");
        try (Connection connection = pool.getConnection()) {
            assertThat(connection.unwrap(PGConnection.class).getPrepareThreshold())
                    .isEqualTo(7);
        } finally {
            pool.stop();
        }
    }

    /** The twin: with named statements, as the driver would have them, the same pooler is no good. */
    @Test
    void namedStatements_failThroughIt() {
        String url = DatabaseUrl.parse(bouncer.address() + "/" + db.name)
                .jdbcUrl()
                .replace("prepareThreshold=0", "prepareThreshold=1");
        assertThatThrownBy(() -> {
                    try (Connection one = DriverManager.getConnection(url, "postgres", "");
                            Connection two = DriverManager.getConnection(url, "postgres", "")) {
                        for (int i = 0; i < 10; i++) {
                            select(one);
                            select(two);
                        }
                    }
                })
                .hasMessageContaining("prepared statement");
    }

    private static void select(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT 1 WHERE ? = 1")) {
            statement.setInt(1, 1);
            statement.execute();
        }
    }
}
