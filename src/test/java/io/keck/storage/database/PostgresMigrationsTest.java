package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/** Nodes that start at the same time on an empty database. */
class PostgresMigrationsTest {
    private static long count(Connection connection, String what) {
        try (Statement statement = connection.createStatement();
                ResultSet rs = statement.executeQuery("SELECT count(*) FROM " + what)) {
            rs.next();
            return rs.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whoStartsWhileAnotherMigrates_touchesNothingUntilItIsHisTurn() throws Exception {
        PostgresServer server = PostgresServer.shared();
        server.execute("CREATE DATABASE fresh");
        try (Connection other = DriverManager.getConnection(server.jdbcUrl("fresh"), "postgres", "")) {
            other.setAutoCommit(false);
            count(other, "pg_advisory_xact_lock(" + Migrations.LOCK + ")");
            CompletableFuture<PostgresDatabase> start = CompletableFuture.supplyAsync(() -> {
                try {
                    return PostgresDatabase.migrated(server, "fresh", server.address());
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            Eventually.await(
                    "it waits",
                    () -> count(other, "pg_locks WHERE locktype = 'advisory' AND NOT granted") == 1 || start.isDone());
            assertThat(start).isNotDone();
            assertThat(count(other, "pg_tables WHERE tablename LIKE 'databasechangelog%'"))
                    .isZero();
            other.commit();
            try (PostgresDatabase fresh = start.get(60, TimeUnit.SECONDS)) {
                assertThat(count(other, "rooms")).isZero();
                Migrations.run(fresh.pool);
                assertThat(count(other, "pg_locks WHERE locktype = 'advisory'"))
                        .as("the lock is given back")
                        .isZero();
            }
        }
    }

    /** The server ends transactions that wait or do nothing for longer: the schema would be made, and the start fail. */
    @Test
    void limitsOfTheServer_doNotEndTheLock() throws Exception {
        PostgresServer server = PostgresServer.shared();
        server.execute("CREATE DATABASE strict");
        AtomicBoolean isFirst = new AtomicBoolean(true);
        PGSimpleDataSource source = new PGSimpleDataSource() {
            @Override
            public Connection getConnection() throws SQLException {
                Connection connection = super.getConnection();
                if (isFirst.getAndSet(false)) { // that of the lock
                    try (Statement statement = connection.createStatement()) {
                        statement.execute("SET idle_in_transaction_session_timeout = 1");
                    }
                }
                return connection;
            }
        };
        source.setUrl(server.jdbcUrl("strict"));
        source.setUser("postgres");
        source.setPassword("");
        Migrations.run(source);
        try (Connection connection = source.getConnection()) {
            assertThat(count(connection, "rooms")).isZero();
        }
    }
}
