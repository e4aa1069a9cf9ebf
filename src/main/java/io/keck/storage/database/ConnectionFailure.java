package io.keck.storage.database;

import java.sql.SQLException;
import org.jdbi.v3.core.ConnectionException;

/** Distinguishes failures of the connection to the database from failures of a statement. */
public final class ConnectionFailure {
    private ConnectionFailure() {}

    /**
     * Whether there is no connection, or the SQLSTATE is 08 or 57P: the server or the connection is gone, so other
     * statements would fail as well.
     */
    public static boolean is(Throwable error) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            if (t instanceof ConnectionException) {
                return true;
            }
            if (t instanceof SQLException sql && sql.getSQLState() != null) {
                return sql.getSQLState().startsWith("08") || sql.getSQLState().startsWith("57P");
            }
        }
        return false;
    }
}
