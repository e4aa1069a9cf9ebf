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
 * What Keck demands of a session of PostgreSQL, whatever the server, the database or the role has as its default: READ
 * COMMITTED, on which the order of commits relies, and no time limit that ends work under way. This is the only place
 * where they are set.
 *
 * <p>A connection that goes straight to PostgreSQL gets them once, when it is made. Behind a pooler in transaction mode a
 * session belongs to several clients, so nothing may be set for it: there, each transaction begins with them where the
 * role's own defaults differ. A single statement outside of a transaction has the role's defaults: the room log repeats it in
 * a transaction where the isolation level failed it.
 *
 * <p>The character set needs nothing: the driver demands UTF8 of each connection. Read-only defaults are left alone: an
 * operator who sets one wants it, and sessions see when it is lifted.
 *
 * <p>Public only because the pool demands it, which makes one for each connection.
 */
public final class PostgresSession extends JdbcInterceptor {
    /**
     * Limits that an older PostgreSQL does not know are left out by the join. A transaction of Keck idles only when its
     * process is paused; after a minute the server takes back the locks that it holds.
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

    /** First, and alone: a limit of a few milliseconds would end the next statement. */
    private static final String FIRST = "SET SESSION statement_timeout = 0";

    private static final String FOR_SESSION = "SELECT set_config(r.name, r.value, false) " + DIFFERENCES;

    /** Differences that can fail a transaction; an idle limit that is not set is none. */
    private static final String COUNT = "SELECT count(*) " + DIFFERENCES
            + " AND NOT (s.name = 'idle_in_transaction_session_timeout' AND s.setting = '0')";

    /** The isolation level comes first: it cannot change after a query. */
    static final String FOR_TRANSACTION = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
            + " SET LOCAL statement_timeout = 0;"
            + " SELECT set_config(name, '0', true) FROM pg_settings WHERE setting <> '0' AND name IN"
            + " ('lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";

    private static final Executor AT_ONCE = Runnable::run;

    private boolean preparesTransactions;
    private boolean begins;

    /** Whether something between us and the server may give each transaction another session. */
    static boolean isPooled(Connection connection) throws SQLException {
        PGConnection postgres = connection.unwrap(PGConnection.class);
        try (Statement statement = connection.createStatement();
                ResultSet rs = statement.executeQuery("SELECT pg_backend_pid()")) {
            // a pooler gives the process id of its own when a connection is made
            return !rs.next() || rs.getInt(1) != postgres.getBackendPID();
        }
    }

    /** Sets what Keck demands for as long as the connection lives; does nothing behind a pooler. */
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
     * Lets a connection wait for its answers without end, as a migration needs it; gives the limit that it had, in
     * milliseconds.
     */
    static int waitWithoutEnd(Connection connection) throws SQLException {
        int before = connection.getNetworkTimeout();
        connection.setNetworkTimeout(AT_ONCE, 0);
        return before;
    }

    /** Gives a connection the limit back that it had. */
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
            // the borrower of the connection meets the same trouble and deals with it; the next one asks again
        }
    }

    private static boolean differs(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rs = statement.executeQuery(COUNT)) {
            return rs.next() && rs.getLong(1) > 0;
        }
    }

    /** Behind a pooler, the first statement of each transaction comes after what Keck demands. */
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
