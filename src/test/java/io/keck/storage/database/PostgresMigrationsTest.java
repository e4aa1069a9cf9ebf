package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

    /**
     * An upgrade builds the indexes of 22-tenants while rows are written. Inside the transaction of the change set, as the
     * twin does it, writers wait for the build, which waits for the transaction that writes now.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void upgradeBuildsIndexes_whileOthersWrite(boolean isOnline) throws Exception {
        PostgresServer server = PostgresServer.shared();
        String name = isOnline ? "upgraded" : "upgraded_twin";
        server.execute("CREATE DATABASE " + name);
        try (PostgresDatabase database = PostgresDatabase.migrated(server, name, server.address());
                Connection writer = DriverManager.getConnection(server.jdbcUrl(name), "postgres", "");
                Connection another = DriverManager.getConnection(server.jdbcUrl(name), "postgres", "");
                Connection look = DriverManager.getConnection(server.jdbcUrl(name), "postgres", "")) {
            String sum = checksum(look);
            execute(look, "DROP INDEX rooms_tenant");
            execute(look, "DROP INDEX blob_spaces_tenant");
            execute(look, "DELETE FROM databasechangelog WHERE id = '22-tenants'");
            writer.setAutoCommit(false);
            execute(writer, "INSERT INTO rooms (id, name, head, created_at) VALUES (1, 'a', 0, 0)");
            CompletableFuture<Void> upgrade = CompletableFuture.runAsync(() -> {
                if (isOnline) {
                    Migrations.run(database.pool);
                } else {
                    try (Connection own = DriverManager.getConnection(server.jdbcUrl(name), "postgres", "")) {
                        own.setAutoCommit(false);
                        execute(
                                own,
                                "CREATE INDEX rooms_tenant ON rooms (name COLLATE \"C\") WHERE deleted_at IS NULL");
                        own.commit();
                    } catch (SQLException e) {
                        throw new IllegalStateException(e);
                    }
                }
            });
            Eventually.await(
                    "it waits for the writer", () -> count(look, "pg_locks WHERE NOT granted") > 0 || upgrade.isDone());
            assertThat(upgrade).isNotDone();
            execute(another, "SET lock_timeout = 2000");
            Throwable refused = catchThrowable(
                    () -> execute(another, "INSERT INTO rooms (id, name, head, created_at) VALUES (2, 'b', 0, 0)"));
            assertThat(refused == null).isEqualTo(isOnline);
            writer.commit();
            upgrade.get(60, TimeUnit.SECONDS);
            if (isOnline) {
                assertThat(count(
                                look,
                                "pg_index WHERE indexrelid IN (to_regclass('rooms_tenant'),"
                                        + " to_regclass('blob_spaces_tenant')) AND indisvalid"))
                        .isEqualTo(2);
                assertThat(count(look, "databasechangelog WHERE id = '22-tenants' AND exectype = 'MARK_RAN'"))
                        .isEqualTo(1);
                assertThat(checksum(look)).isEqualTo(sum).isEqualTo("9:502077dcf98038a619bcc309c1938a84");
                Migrations.requireNonePending(database.pool);
            }
        }
    }

    /** The indexes of 28-deleted-of-tenants need a column that the same upgrade may add, so they are built after it. */
    @Test
    void upgradeOfATableWithRows_buildsTheIndexesOfDeletedDocumentsAfterwards() throws Exception {
        PostgresServer server = PostgresServer.shared();
        server.execute("CREATE DATABASE upgraded_deleted");
        try (PostgresDatabase database = PostgresDatabase.migrated(server, "upgraded_deleted", server.address());
                Connection writer = DriverManager.getConnection(server.jdbcUrl("upgraded_deleted"), "postgres", "");
                Connection another = DriverManager.getConnection(server.jdbcUrl("upgraded_deleted"), "postgres", "");
                Connection look = DriverManager.getConnection(server.jdbcUrl("upgraded_deleted"), "postgres", "")) {
            String run = "databasechangelog WHERE id = '28-deleted-of-tenants' AND exectype = ";
            assertThat(count(look, run + "'EXECUTED'")).as("an empty database").isEqualTo(1);
            execute(look, "INSERT INTO rooms (id, name, head, created_at) VALUES (9, 'z', 0, 0)");
            execute(look, "DROP INDEX rooms_tenant_ended");
            execute(look, "DROP INDEX blob_spaces_tenant_ended");
            execute(look, "DELETE FROM databasechangelog WHERE id = '28-deleted-of-tenants'");
            writer.setAutoCommit(false);
            execute(writer, "INSERT INTO rooms (id, name, head, created_at) VALUES (1, 'a', 0, 0)");
            CompletableFuture<Void> upgrade = CompletableFuture.runAsync(() -> Migrations.run(database.pool));
            Eventually.await(
                    "it waits for the writer", () -> count(look, "pg_locks WHERE NOT granted") > 0 || upgrade.isDone());
            assertThat(upgrade).isNotDone();
            execute(another, "SET lock_timeout = 2000");
            execute(another, "INSERT INTO rooms (id, name, head, created_at) VALUES (2, 'b', 0, 0)");
            writer.commit();
            upgrade.get(60, TimeUnit.SECONDS);
            assertThat(count(
                            look,
                            "pg_index WHERE indexrelid IN (to_regclass('rooms_tenant_ended'),"
                                    + " to_regclass('blob_spaces_tenant_ended')) AND indisvalid"))
                    .isEqualTo(2);
            assertThat(count(look, run + "'MARK_RAN'")).isEqualTo(1);
            Migrations.requireNonePending(database.pool);
        }
    }

    private static String checksum(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rs = statement.executeQuery("SELECT md5sum FROM databasechangelog WHERE id = '22-tenants'")) {
            rs.next();
            return rs.getString(1);
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
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
