package io.keck.storage.database;

import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Executor;
import org.apache.tomcat.jdbc.pool.ConnectionPool;
import org.apache.tomcat.jdbc.pool.JdbcInterceptor;
import org.apache.tomcat.jdbc.pool.PooledConnection;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Sets the session settings that Keck needs in PostgreSQL, regardless of the defaults of server, database and role:
 * READ COMMITTED, on which the order of commits relies, and no time limits that would abort running work. This is the
 * only place where they are set.
 *
 * <p>A direct connection gets them once, when it is opened. Behind a pooler in transaction mode a session serves
 * several clients, so nothing may be set on it: there, each transaction sets them at its beginning if the role's
 * defaults differ. A single statement outside a transaction runs with the role's defaults; the room log repeats it in a
 * transaction if the isolation level made it fail.
 *
 * <p>The character set needs no setting, because the driver demands UTF8 on each connection. Read-only defaults are
 * respected, because an operator sets them on purpose and sessions notice when they are lifted.
 *
 * <p>Public only because the pool instantiates it, once per connection.
 */
public final class PostgresSession extends JdbcInterceptor {
    /**
     * The join leaves out limits that an older PostgreSQL does not have. A transaction of Keck is idle only if its
     * process is paused; after a minute the server releases its locks.
     */
    private static final String DIFFERENCES = """
            FROM pg_settings s JOIN (VALUES
              ('default_transaction_isolation', 'read committed'),
              ('statement_timeout', '0'),
              ('lock_timeout', '0'),
              ('idle_in_transaction_session_timeout', '60000'),
              ('idle_session_timeout', '0'),
              ('transaction_timeout', '0')
            ) AS r(name, value) ON s.name = r.name WHERE s.setting <> r.value""";

    /** Executed first and alone, because a limit of a few milliseconds would abort the next statement. */
    private static final String FIRST = "SET SESSION statement_timeout = 0";

    private static final String FOR_SESSION = "SELECT set_config(r.name, r.value, false) " + DIFFERENCES;

    /** Counts the differences that can fail a transaction; a missing idle limit is not one. */
    private static final String COUNT = "SELECT count(*) " + DIFFERENCES
            + " AND NOT (s.name = 'idle_in_transaction_session_timeout' AND s.setting = '0')";

    /** The isolation level comes first, because it cannot change after a query. */
    static final String FOR_TRANSACTION = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
            + " SET LOCAL statement_timeout = 0;"
            + " SELECT set_config(name, '0', true) FROM pg_settings WHERE setting <> '0' AND name IN"
            + " ('lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";

    private static final Executor AT_ONCE = Runnable::run;

    private boolean preparesTransactions;
    private boolean begins;

    /** Whether a pooler between Keck and the server may give each transaction another session. */
    static boolean isPooled(Connection connection) throws SQLException {
        PGConnection postgres = connection.unwrap(PGConnection.class);
        try (Statement statement = connection.createStatement();
                ResultSet rs = statement.executeQuery("SELECT pg_backend_pid()")) {
            // a pooler reports a process id of its own when a connection is opened
            return !rs.next() || rs.getInt(1) != postgres.getBackendPID();
        }
    }

    /** Applies the settings for the lifetime of a connection; does nothing behind a pooler. */
    static void set(Connection connection) throws SQLException {
        if (!isPooled(connection)) {
            setForSession(connection);
        }
    }

    private static void setForSession(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(FIRST);
            statement.execute(FOR_SESSION);
        }
    }

    /**
     * Removes the limit of a connection's wait for answers, as a migration needs; returns the previous limit in
     * milliseconds.
     */
    static int waitWithoutEnd(Connection connection) throws SQLException {
        int before = connection.getNetworkTimeout();
        connection.setNetworkTimeout(AT_ONCE, 0);
        return before;
    }

    /** Restores the limit of a connection. */
    static void waitFor(Connection connection, int millis) throws SQLException {
        connection.setNetworkTimeout(AT_ONCE, millis);
    }

    @Override
    public void reset(@Nullable ConnectionPool pool, @Nullable PooledConnection connection) {
        begins = false;
        preparesTransactions = false;
        if (connection == null) {
            return;
        }
        Object known = connection.getAttributes().get(PostgresSession.class);
        if (known instanceof Boolean differs) {
            preparesTransactions = differs;
            return;
        }
        try {
            Connection direct = connection.getConnection();
            boolean isPooled = isPooled(direct);
            if (!isPooled) {
                setForSession(direct);
            }
            preparesTransactions = isPooled && differs(direct);
            connection.getAttributes().put(PostgresSession.class, preparesTransactions);
        } catch (SQLException e) {
            // the borrower of the connection gets the same failure and handles it; the next one queries again
        }
    }

    private static boolean differs(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rs = statement.executeQuery(COUNT)) {
            return rs.next() && rs.getLong(1) > 0;
        }
    }

    /** Behind a pooler, applies the settings before the first statement of each transaction. */
    @Override
    public Object invoke(Object proxy, Method method, Object[] args) throws Throwable {
        if (!preparesTransactions) {
            return super.invoke(proxy, method, args);
        }
        String name = method.getName();
        if (begins && (name.equals("createStatement") || name.startsWith("prepare") || name.equals("getMetaData"))) {
            begins = false;
            try (Statement statement = ((Connection) proxy).createStatement()) {
                statement.execute(FOR_TRANSACTION);
            }
        }
        Object result = super.invoke(proxy, method, args);
        if (name.equals("setAutoCommit")) {
            begins = Boolean.FALSE.equals(args[0]);
        } else if (name.equals("commit") || (name.equals("rollback") && (args == null || args.length == 0))) {
            begins = !((Connection) proxy).getAutoCommit();
        }
        return result;
    }
}
