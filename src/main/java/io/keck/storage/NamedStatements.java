package io.keck.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.apache.tomcat.jdbc.pool.ConnectionPool;
import org.apache.tomcat.jdbc.pool.JdbcInterceptor;
import org.apache.tomcat.jdbc.pool.PooledConnection;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Lets a connection that goes straight to PostgreSQL keep its statements parsed and planned there, which is most of what a
 * small commit costs. Behind a pooler, which may give each transaction another server process, statements stay without
 * names. The two are told apart by the process id: that which the server gave when the connection was made, and that of
 * the process that carries out a statement; a pooler gives one of its own.
 *
 * <p>Public only because the pool demands it, which makes one for each connection.
 */
public final class NamedStatements extends JdbcInterceptor {
    /** Uses of a statement on one connection before it gets a name. */
    static final int THRESHOLD = 2;

    @Override
    public void reset(@Nullable ConnectionPool pool, @Nullable PooledConnection connection) {
        if (connection == null || connection.getAttributes().containsKey(NamedStatements.class)) {
            return;
        }
        try {
            PGConnection postgres = connection.getConnection().unwrap(PGConnection.class);
            try (Statement statement = connection.getConnection().createStatement();
                    ResultSet rs = statement.executeQuery("SELECT pg_backend_pid()")) {
                if (rs.next() && rs.getInt(1) == postgres.getBackendPID()) {
                    postgres.setPrepareThreshold(THRESHOLD);
                }
            }
            connection.getAttributes().put(NamedStatements.class, true);
        } catch (SQLException e) {
            // who borrowed the connection meets the same trouble and deals with it
        }
    }
}
