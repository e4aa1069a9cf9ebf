package io.keck.storage.database;

import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Distinguishes unreadable or damaged data on the database's disk from other failures. */
public final class UnreadableData {
    /** PostgreSQL: internal error (a lost piece of a large value), damaged data, damaged index, I/O error. */
    private static final Set<String> STATES = Set.of("XX000", "XX001", "XX002", "58030");

    private static final int SQLITE_IOERR = 10;
    private static final int SQLITE_CORRUPT = 11;
    private static final int PRIMARY_CODE = 0xff;

    private UnreadableData() {}

    /** Whether the failure means that some data cannot be read while other statements work. */
    public static boolean is(@Nullable Throwable error) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            if (t instanceof SQLException sql) {
                int code = sql.getErrorCode() & PRIMARY_CODE;
                return sql.getSQLState() == null
                        ? code == SQLITE_CORRUPT || code == SQLITE_IOERR
                        : STATES.contains(sql.getSQLState());
            }
        }
        return false;
    }

    /** The message of the database in one line. */
    public static String message(Throwable error) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            if (t instanceof SQLException sql) {
                return String.valueOf(sql.getMessage()).lines().findFirst().orElse("");
            }
        }
        return String.valueOf(error.getMessage());
    }
}
