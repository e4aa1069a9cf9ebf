package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.ManagedDataSource;
import io.keck.room.UpdateLog;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.Storage;
import io.keck.storage.database.DatabaseUrl;
import io.keck.storage.database.NamedStatements;
import io.keck.testing.FreshDatabase;
import io.keck.testing.PgBouncer;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import io.keck.testing.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/** The contract through a pooler that gives each transaction another connection; migrations run through it, too. */
class PgBouncerUpdateLogTest extends JdbiUpdateLogContract {
    PgBouncerUpdateLogTest() {
        super(FreshDatabase.pgBouncer());
    }

    @Test
    void migrations_runThroughAPooler() throws Exception {
        PostgresServer server = PostgresServer.shared();
        server.execute("CREATE DATABASE pooled");
        try (PostgresDatabase pooled =
                PostgresDatabase.migrated(server, "pooled", PgBouncer.shared().address())) {
            Storage fresh = pooled.storage(TestDatabase.settings());
            assertThat(await(fresh.log().open("a")).rows()).isEmpty();
            fresh.stop();
        }
    }

    @Test
    void compaction_worksThroughAPooler() throws Exception {
        long a = await(log.open("a")).roomId();
        for (int i = 0; i < 10; i++) {
            await(log.append(a, UUID.randomUUID(), 1 + i, update(i), false));
        }
        Compactor compactor = new Compactor(storage.database(), db.clock(), Duration.ZERO, Followers.NONE);
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
        try (Connection pooled = db.get().pool.getConnection();
                PostgresDatabase straight = PostgresDatabase.create(PostgresServer.shared());
                Connection direct = straight.pool.getConnection()) {
            assertThat(pooled.unwrap(PGConnection.class).getPrepareThreshold()).isZero();
            assertThat(direct.unwrap(PGConnection.class).getPrepareThreshold()).isEqualTo(NamedStatements.THRESHOLD);
        }
    }

    @Test
    void whatTheUrlSays_holds() throws Exception {
        DatabaseFactory factory = new DatabaseFactory();
        factory.setUrl(PostgresServer.shared().url() + "?prepareThreshold=7");
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
        String url = DatabaseUrl.parse(db.get().url()).jdbcUrl().replace("prepareThreshold=0", "prepareThreshold=1");
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
