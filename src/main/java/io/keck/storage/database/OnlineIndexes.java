package io.keck.storage.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds indexes that a change set adds to tables which may be large, before or after the change set, in PostgreSQL. The
 * change set is a transaction in which building them would keep the nodes of the release before from writing; CREATE INDEX
 * CONCURRENTLY does not, and cannot run in a transaction. The change set finds its indexes, or rows, and is marked as run. On
 * an empty database the change set makes them itself.
 *
 * <p>An index of a column that the same upgrade adds can only be built afterwards. Without it queries are slower, not wrong.
 *
 * <p>No lock is held meanwhile: PostgreSQL waits for all older statements of other sessions, and so for a node that waits
 * for the lock of {@link Migrations}.
 */
final class OnlineIndexes {
    private static final Logger LOG = LoggerFactory.getLogger(OnlineIndexes.class);

    /** The change set whose indexes are built before it. */
    private static final String BEFORE_CHANGE_SET = "22-tenants";

    /** Table and columns by index, as in that change set. */
    private static final Map<String, String> BEFORE = of(
            "rooms_tenant", "rooms (name COLLATE \"C\") WHERE deleted_at IS NULL",
            "blob_spaces_tenant", "blob_spaces (name COLLATE \"C\") WHERE deleted_at IS NULL");

    /** Table and columns by index of the change set 28-deleted-of-tenants. */
    private static final Map<String, String> AFTER = of(
            "rooms_tenant_ended", "rooms (name COLLATE \"C\") WHERE deleted_at IS NOT NULL AND emptied_at IS NULL",
            "blob_spaces_tenant_ended", "blob_spaces (name COLLATE \"C\") WHERE deleted_at IS NOT NULL");

    /** How often a failed attempt is repeated, for example after a deadlock with another node that does the same. */
    private static final int ATTEMPTS = 5;

    private static final long LOOK_NANOS = 1_000_000_000L;

    private OnlineIndexes() {}

    private static Map<String, String> of(String index, String on, String other, String onOther) {
        Map<String, String> m = new LinkedHashMap<>();
        m.put(index, on);
        m.put(other, onOther);
        return m;
    }

    /**
     * Builds what is missing before the change sets run. After repeated failures the rest is left to the change set, which finds none of the indexes.
     *
     * @param connection without a transaction
     */
    static void buildBefore(Connection connection) throws SQLException {
        if (!isNeeded(connection)) {
            return;
        }
        for (Map.Entry<String, String> index : BEFORE.entrySet()) {
            if (!isBuilt(connection, index.getKey(), index.getValue())) {
                for (String each : BEFORE.keySet()) {
                    execute(connection, "DROP INDEX IF EXISTS " + each);
                }
                return;
            }
        }
    }

    /**
     * Builds what is missing after the change sets have run. After repeated failures the next start tries again.
     *
     * @param connection without a transaction
     */
    static void buildAfter(Connection connection) throws SQLException {
        for (Map.Entry<String, String> index : AFTER.entrySet()) {
            if (!isBuilt(connection, index.getKey(), index.getValue())) {
                LOG.warn(
                        "The index {} is missing, so quotas of tenants are counted slowly until it is built",
                        index.getKey());
            }
        }
    }

    /** Whether there are tables of a release that does not have the indexes. */
    private static boolean isNeeded(Connection connection) throws SQLException {
        return is(
                        connection,
                        "to_regclass('databasechangelog') IS NOT NULL AND to_regclass('rooms') IS NOT NULL"
                                + " AND to_regclass('blob_spaces') IS NOT NULL")
                && is(
                        connection,
                        "NOT EXISTS (SELECT 1 FROM databasechangelog WHERE id = '" + BEFORE_CHANGE_SET + "')");
    }

    private static boolean isBuilt(Connection connection, String index, String on) throws SQLException {
        for (int attempt = 0; attempt < ATTEMPTS; ) {
            if (is(
                    connection,
                    "EXISTS (SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('" + index + "') AND indisvalid)")) {
                return true;
            }
            if (is(
                    connection,
                    "EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active'"
                            + " AND datname = current_database() AND query = '"
                            + statement(index, on).replace("'", "''") + "')")) {
                LockSupport.parkNanos(LOOK_NANOS); // another node builds it
                continue;
            }
            attempt++;
            try {
                execute(
                        connection,
                        "DROP INDEX CONCURRENTLY IF EXISTS " + index); // a remainder of an interrupted build
                LOG.info(
                        "Building the index {}; this takes a while for a large table, which can be written meanwhile",
                        index);
                execute(connection, statement(index, on));
            } catch (SQLException e) {
                LOG.warn("The index {} could not be built: {}", index, e.getMessage());
            }
        }
        return false;
    }

    private static String statement(String index, String on) {
        return "CREATE INDEX CONCURRENTLY " + index + " ON " + on;
    }

    private static boolean is(Connection connection, String condition) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rs = statement.executeQuery("SELECT " + condition)) {
            return rs.next() && rs.getBoolean(1);
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
