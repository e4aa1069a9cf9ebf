package io.keck.storage.octobase;

import io.keck.storage.database.DatabaseUrl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.sqlite.SQLiteConfig;

/** Opens databases of other servers for reading only. Thread-safe. */
public final class SourceConnection {
    /** Gives the driver ten minutes per answer: counting a large table takes long. */
    private static final String READ_TIMEOUT = "socketTimeout=600";

    private SourceConnection() {}

    /**
     * Opens a database for reading.
     *
     * @param url {@code postgres://user:password@host:5432/database}, {@code sqlite:path} with or without slashes and
     *     parameters, or a {@code jdbc:} URL of either
     * @throws IllegalArgumentException if the URL has another form; the message does not repeat it
     * @throws SQLException if the database cannot be opened
     */
    public static Connection open(String url) throws SQLException {
        return url.startsWith("sqlite:") || url.startsWith("jdbc:sqlite:") ? openSqlite(url) : openPostgres(url);
    }

    static Connection openSqlite(String url) throws SQLException {
        String path = url.substring(url.indexOf("sqlite:") + "sqlite:".length()).split("[?]", 2)[0];
        if (path.startsWith("//")) {
            path = path.substring(2); // sqlite://data.db is a relative path, sqlite:///data.db an absolute one
        }
        if (path.isBlank() || path.startsWith(":memory:")) {
            throw new IllegalArgumentException("The source must name the file of the SQLite database.");
        }
        if (!Files.isRegularFile(Path.of(path))) {
            throw new SQLException("there is no file " + path);
        }
        SQLiteConfig config = new SQLiteConfig();
        config.setReadOnly(true);
        config.setBusyTimeout(30_000);
        return DriverManager.getConnection("jdbc:sqlite:" + path, config.toProperties());
    }

    private static Connection openPostgres(String url) throws SQLException {
        if (url.isEmpty()) {
            throw new IllegalArgumentException("The URL of the source is empty.");
        }
        String patient = url.contains("socketTimeout=") ? url : url + (url.contains("?") ? "&" : "?") + READ_TIMEOUT;
        DatabaseUrl parsed = DatabaseUrl.parse(patient);
        Properties properties = new Properties();
        if (parsed.user() != null) {
            properties.setProperty("user", parsed.user());
        }
        if (parsed.password() != null) {
            properties.setProperty("password", parsed.password());
        }
        Connection connection = DriverManager.getConnection(parsed.jdbcUrl(), properties);
        connection.setReadOnly(true);
        return connection;
    }

    /** The first line of the reason, for the operator. */
    public static String sentence(SQLException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("the database gave no reason");
    }
}
