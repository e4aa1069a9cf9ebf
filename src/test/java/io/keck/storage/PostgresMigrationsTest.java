package io.keck.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.Eventually;
import io.keck.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that start at the same time on an empty database. */
class PostgresMigrationsTest {
    @TempDir
    Path dir;

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
        try (PostgresServer server = PostgresServer.start(dir)) {
            server.execute("CREATE DATABASE fresh");
            try (Connection other = DriverManager.getConnection(
                    "jdbc:postgresql://127.0.0.1:" + server.port() + "/fresh", "postgres", "")) {
                other.setAutoCommit(false);
                count(other, "pg_advisory_xact_lock(" + Migrations.LOCK + ")");
                CompletableFuture<PostgresDatabase> start = CompletableFuture.supplyAsync(() -> {
                    try {
                        return new PostgresDatabase(
                                server, "fresh", server.url("x").replaceAll("/x$", ""));
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
                Eventually.await(
                        "it waits",
                        () -> count(other, "pg_locks WHERE locktype = 'advisory' AND NOT granted") == 1
                                || start.isDone());
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
    }
}
