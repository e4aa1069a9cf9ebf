package io.keck.storage.database;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Recognises that the database has no disk space left. */
final class DiskFull {
    /** SQLite's SQLITE_FULL. */
    private static final int SQLITE_FULL = 13;
    /** PostgreSQL's disk_full. */
    private static final String POSTGRES_FULL = "53100";

    private DiskFull() {}

    static boolean is(@Nullable Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException e
                    && (e.getErrorCode() == SQLITE_FULL || POSTGRES_FULL.equals(e.getSQLState()))) {
                return true;
            }
        }
        return false;
    }
}
