package io.keck.storage.database;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Connections of commands, without a pool. For reading, an embedded database is opened beside the running server, and
 * nothing is created. Immutable.
 */
public record DirectConnections(
        DatabaseUrl url, @Nullable String user, @Nullable String password) {
    private static final String CHECKSUMS = "13-checksums";

    /** Returns a JDBI over these connections. */
    public Jdbi jdbi(boolean readOnly) {
        return Jdbi.create(() -> connect(readOnly));
    }

    /** Opens a connection. */
    Connection connect(boolean readOnly) throws SQLException {
        Properties properties = new Properties();
        if (user != null) {
            properties.setProperty("user", user);
        }
        if (password != null) {
            properties.setProperty("password", password);
        }
        String file = url.sqliteFile();
        if (file == null) {
            Connection connection = DriverManager.getConnection(url.jdbcUrl(), properties);
            try {
                PostgresSession.set(connection);
                PostgresSession.waitWithoutEnd(connection); // commands read everything, which takes long
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
            return connection;
        }
        return DriverManager.getConnection(
                readOnly ? "jdbc:sqlite:" + file + "?open_mode=1&busy_timeout=5000" : url.jdbcUrl());
    }

    /** The same to another database of the server. */
    public DirectConnections inDatabase(String name) {
        return new DirectConnections(url.inDatabase(name), user, password);
    }

    /** Whether the database exists, if it is a file. */
    public boolean isThere() {
        String file = url.sqliteFile();
        return file == null || Files.exists(Path.of(file));
    }

    /** The change sets that were run; null if there are no tables of Keck. */
    public @Nullable Set<String> applied(Handle h) {
        boolean isThere = h.createQuery(
                                url.isSqlite()
                                        ? "SELECT count(*) FROM sqlite_master WHERE lower(name) = 'databasechangelog'"
                                        : """
                                                SELECT count(*) FROM pg_tables WHERE tablename = 'databasechangelog'
                                                AND schemaname = ANY (current_schemas(false))""")
                        .mapTo(Long.class)
                        .one()
                > 0;
        return isThere
                ? new HashSet<>(h.createQuery("SELECT id FROM databasechangelog")
                        .mapTo(String.class)
                        .list())
                : null;
    }

    /** Whether rows have checksums, so that they can be read by the server's code. */
    public static boolean hasChecksums(@Nullable Set<String> applied) {
        return applied != null && applied.contains(CHECKSUMS);
    }
}
