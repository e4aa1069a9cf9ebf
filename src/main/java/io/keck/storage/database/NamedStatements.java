package io.keck.storage.database;

import java.sql.Connection;
import java.sql.SQLException;
import org.apache.tomcat.jdbc.pool.ConnectionPool;
import org.apache.tomcat.jdbc.pool.JdbcInterceptor;
import org.apache.tomcat.jdbc.pool.PooledConnection;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Lets a direct connection to PostgreSQL keep its statements parsed and planned on the server, which is most of the
 * cost of a small commit. Behind a pooler, which may give each transaction another server process, statements have no
 * names ({@link PostgresSession#isPooled} tells the two apart).
 *
 * <p>Public only because the pool instantiates it, once per connection.
 */
public final class NamedStatements extends JdbcInterceptor {
    /** The number of uses of a statement on one connection before it gets a name. */
    public static final int THRESHOLD = 2;

    @Override
    public void reset(@Nullable ConnectionPool pool, @Nullable PooledConnection connection) {
        if (connection == null || connection.getAttributes().containsKey(NamedStatements.class)) {
            return;
        }
        try {
            Connection direct = connection.getConnection();
            if (!PostgresSession.isPooled(direct)) {
                direct.unwrap(PGConnection.class).setPrepareThreshold(THRESHOLD);
            }
            connection.getAttributes().put(NamedStatements.class, true);
        } catch (SQLException e) {
            // the borrower of the connection gets the same failure and handles it
        }
    }
}
