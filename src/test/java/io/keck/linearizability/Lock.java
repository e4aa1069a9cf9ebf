package io.keck.linearizability;

import io.keck.testing.PostgresServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

/** A lock of PostgreSQL that a connection of its own holds. */
final class Lock implements AutoCloseable {
    private final PostgresServer postgres;
    private final Connection connection;

    private Lock(PostgresServer postgres, String statement) {
        this.postgres = postgres;
        try {
            connection = connect(postgres);
            connection.setAutoCommit(false);
            try (var lock = connection.createStatement()) {
                lock.execute(statement);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Connection connect(PostgresServer postgres) throws SQLException {
        return DriverManager.getConnection(postgres.jdbcUrl("postgres"), "postgres", "");
    }

    /** A whole table, for readers and writers. */
    static Lock table(PostgresServer postgres, String name) {
        return new Lock(postgres, "LOCK TABLE " + name + " IN ACCESS EXCLUSIVE MODE");
    }

    /** The row of one document. */
    static Lock row(PostgresServer postgres, String document) {
        return new Lock(
                postgres, "SELECT id FROM rooms WHERE name = '" + document + "' AND deleted_at IS NULL FOR UPDATE");
    }

    /** Until another connection waits for a lock. */
    void awaitWaiting() {
        Nemesis.await(() -> {
            try (Connection other = connect(postgres);
                    var question = other.createStatement();
                    var answer = question.executeQuery("SELECT count(*) FROM pg_locks WHERE NOT granted")) {
                return answer.next() && answer.getInt(1) > 0;
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    void release() {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // the server was stopped meanwhile: its locks are gone
        }
    }

    @Override
    public void close() {
        release();
        try {
            connection.close();
        } catch (SQLException e) {
            // likewise
        }
    }
}
