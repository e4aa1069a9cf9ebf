package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.ManagedDataSource;
import io.keck.room.UpdateLog.Appended;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.database.DatabaseRequirements;
import io.keck.storage.database.DatabaseUnusableException;
import io.keck.storage.database.DatabaseUrl;
import io.keck.storage.database.Migrations;
import io.keck.testing.Eventually;
import io.keck.testing.PgBouncer;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
import org.postgresql.ds.PGSimpleDataSource;

/** Defaults of the server, the database or the role do not reach the sessions of Keck, with and without a pooler. */
class PostgresSessionTest {
    private static int number;

    private static PostgresServer server;

    @BeforeAll
    static void startServer() {
        server = PostgresServer.shared();
    }

    /** A database with defaults that would do harm. */
    private static String strict(String isolation) {
        String name = "strict" + ++number;
        server.execute("CREATE DATABASE " + name);
        server.execute("ALTER DATABASE " + name + " SET default_transaction_isolation = '" + isolation + "'");
        for (String limit : List.of(
                "statement_timeout = '30s'",
                "lock_timeout = '30s'",
                "idle_in_transaction_session_timeout = '300ms'",
                "idle_session_timeout = '30s'",
                "transaction_timeout = '30s'",
                "client_encoding = 'LATIN1'",
                "standard_conforming_strings = off")) {
            server.execute("ALTER DATABASE " + name + " SET " + limit);
        }
        return name;
    }

    private static String address(boolean pooled) {
        return pooled ? PgBouncer.shared().address() : server.address();
    }

    private static ManagedDataSource pool(String url) {
        DatabaseFactory factory = new DatabaseFactory();
        factory.setUrl(url);
        return factory.build(new MetricRegistry(), "test");
    }

    private static String show(Connection connection, String setting) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rs = statement.executeQuery("SHOW " + setting)) {
            assertThat(rs.next()).isTrue();
            return rs.getString(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void transactions_haveWhatKeckDemands(boolean pooled) throws Exception {
        ManagedDataSource pool = pool(address(pooled) + "/" + strict("serializable"));
        try (Connection connection = pool.getConnection()) {
            for (int i = 0; i < 2; i++) {
                connection.setAutoCommit(false);
                for (int transaction = 0; transaction < 2; transaction++) {
                    assertThat(show(connection, "transaction_isolation")).isEqualTo("read committed");
                    assertThat(show(connection, "statement_timeout")).isEqualTo("0");
                    assertThat(show(connection, "lock_timeout")).isEqualTo("0");
                    assertThat(show(connection, "transaction_timeout")).isEqualTo("0");
                    assertThat(show(connection, "idle_in_transaction_session_timeout"))
                            .isIn("0", "1min");
                    assertThat(show(connection, "client_encoding")).isEqualTo("UTF8");
                    if (transaction == 0) {
                        connection.commit();
                    } else {
                        connection.rollback();
                    }
                }
                connection.setAutoCommit(true);
            }
            if (!pooled) {
                assertThat(show(connection, "transaction_isolation")).isEqualTo("read committed");
                assertThat(show(connection, "idle_session_timeout")).isEqualTo("0");
            }
        } finally {
            pool.stop();
        }
    }

    /** What is set behind a pooler must not reach other clients of it. */
    @Test
    void poolersSessions_areLeftAsTheyAre() throws Exception {
        String name = strict("serializable");
        ManagedDataSource pool = pool(PgBouncer.shared().address() + "/" + name);
        try {
            for (int i = 0; i < 20; i++) {
                try (Connection connection = pool.getConnection()) {
                    connection.setAutoCommit(false);
                    show(connection, "transaction_isolation");
                    connection.commit();
                    connection.setAutoCommit(true);
                    assertThat(show(connection, "default_transaction_isolation"))
                            .isEqualTo("serializable");
                    assertThat(show(connection, "lock_timeout")).isEqualTo("30s");
                }
            }
        } finally {
            pool.stop();
        }
    }

    /** The server ends transactions that are idle for 300 ms. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void migrations_areNotEndedByLimits(boolean pooled) throws Exception {
        String name = strict("repeatable read");
        PGSimpleDataSource bare = new PGSimpleDataSource();
        bare.setUrl(server.jdbcUrl(name));
        bare.setUser("postgres");
        bare.setPassword("");
        try (Connection connection = bare.getConnection()) {
            connection.setAutoCommit(false);
            show(connection, "lock_timeout");
            int process = connection.unwrap(PGConnection.class).getBackendPID();
            Jdbi other = Jdbi.create(server.jdbcUrl("postgres"), "postgres", "");
            Eventually.await(
                    "the end of the twin, a session without what Keck demands",
                    () -> other.withHandle(
                                    h -> h.createQuery("SELECT count(*) FROM pg_stat_activity WHERE pid = " + process)
                                            .mapTo(Long.class)
                                            .one())
                            == 0);
            assertThatThrownBy(() -> show(connection, "lock_timeout")).isInstanceOf(SQLException.class);
        }
        ManagedDataSource pool = pool(address(pooled) + "/" + name);
        try (Connection connection = pool.getConnection()) {
            Migrations.run(pool);
            Migrations.requireNonePending(pool);
            try (Statement statement = connection.createStatement();
                    ResultSet rs = statement.executeQuery("SELECT count(*) FROM rooms")) {
                assertThat(rs.next()).isTrue();
            }
            assertThat(connection.getAutoCommit()).isTrue();
        } finally {
            pool.stop();
        }
    }

    /** A row that another node has raised while it was waited for. */
    @ParameterizedTest
    @ValueSource(strings = {"repeatable read", "serializable"})
    void append_isMadeAgainWhereTheIsolationLevelFailedIt(String isolation) throws Exception {
        try (PostgresDatabase db = PostgresDatabase.create(server)) {
            String setting = "ALTER DATABASE " + db.name + " SET default_transaction_isolation = '" + isolation + "'";
            server.execute(setting);
            Jdbi plain = Jdbi.create(server.jdbcUrl(db.name), "postgres", "");
            db.jdbi.useHandle(h -> h.execute("INSERT INTO rooms (id, name, head, created_at) VALUES (7, 'r', 0, 0)"));
            PostgresStatements dialect = new PostgresStatements();
            AuthorIds authors = new AuthorIds(Clock.systemUTC());
            try (Handle handle = plain.open()) {
                CompletableFuture<Map<Long, Appended>> twin =
                        race(db, () -> PostgresStatements.appendOnce(handle, List.of(append(1)), authors, "node", 0));
                assertThatThrownBy(() -> twin.get(60, TimeUnit.SECONDS))
                        .as("the twin")
                        .hasCauseInstanceOf(UnableToExecuteStatementException.class)
                        .hasMessageContaining("could not serialize access");
                CompletableFuture<Map<Long, Appended>> again =
                        race(db, () -> dialect.append(handle, List.of(append(2)), authors, "node", 0));
                assertThat(again.get(60, TimeUnit.SECONDS).get(7L).seq()).isEqualTo(3);
                assertThat(handle.isInTransaction()).isFalse();
            }
        }
    }

    private static LogWrite.Append append(int link) {
        return Appends.of(7, UUID.randomUUID(), link, new byte[] {1}, false);
    }

    /** Lets something wait for the row of the room, which is raised meanwhile. */
    private static <T> CompletableFuture<T> race(PostgresDatabase db, Supplier<T> work) {
        return db.jdbi.inTransaction(h -> {
            h.execute("UPDATE rooms SET head = head + 1 WHERE id = 7");
            CompletableFuture<T> waiting = CompletableFuture.supplyAsync(work);
            Eventually.await(
                    "it waits for the row",
                    () -> h.createQuery("SELECT count(*) FROM pg_locks WHERE NOT granted")
                                    .mapTo(Long.class)
                                    .one()
                            > 0);
            return waiting;
        });
    }

    @Test
    void databaseInAnotherEncoding_isRefused() {
        server.execute("CREATE DATABASE latin1 ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
        assertThatThrownBy(() -> pool(server.url("latin1")))
                .isInstanceOf(DatabaseUnusableException.class)
                .hasMessageContaining("its encoding is LATIN1")
                .hasMessageContaining("ENCODING 'UTF8'");
    }

    @Test
    void olderPostgres_isRefused() {
        DatabaseUrl url = DatabaseUrl.parse(server.url());
        assertThatThrownBy(() -> DatabaseRequirements.requireVersion(url, 120_022, "12.22"))
                .isInstanceOf(DatabaseUnusableException.class)
                .hasMessageContaining("PostgreSQL 12.22")
                .hasMessageContaining("13 or newer");
        DatabaseRequirements.requireVersion(url, 130_000, "13.0");
    }
}
