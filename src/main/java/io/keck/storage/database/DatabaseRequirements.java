package io.keck.storage.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Checks that a database meets Keck's requirements, once, on a connection of its own, before there is a pool. */
public final class DatabaseRequirements {
    /** The oldest supported version, in the format of {@code server_version_num}. */
    public static final int OLDEST_POSTGRES = 130_000;

    private static final String ENCODING = "UTF8";

    private DatabaseRequirements() {}

    /**
     * Connects, and refuses a database that cannot be used.
     *
     * @throws DatabaseUnusableException with the reason and the remedy
     */
    public static void check(DirectConnections connections) {
        DatabaseUrl url = connections.url();
        try (Connection connection = connections.connect(false);
                Statement statement = connection.createStatement()) {
            if (!url.isSqlite()) {
                requireVersion(
                        url,
                        Integer.parseInt(show(statement, "server_version_num")),
                        show(statement, "server_version"));
                requireEncoding(url, show(statement, "server_encoding"));
            }
        } catch (SQLException | LinkageError e) {
            throw new DatabaseUnusableException(DatabaseFailure.explain(e, url), e);
        }
    }

    private static String show(Statement statement, String setting) throws SQLException {
        try (ResultSet rs = statement.executeQuery("SHOW " + setting)) {
            return rs.next() ? rs.getString(1) : "";
        }
    }

    public static void requireVersion(DatabaseUrl url, int number, String version) {
        if (number < OLDEST_POSTGRES) {
            throw new DatabaseUnusableException("The database at " + url.place() + " cannot be used: it is PostgreSQL "
                    + version + ", and Keck needs PostgreSQL 13 or newer. Upgrade it.");
        }
    }

    /**
     * Requires UTF-8: in other encodings some names and texts cannot be stored, and their rooms would appear to have an
     * outage.
     */
    static void requireEncoding(DatabaseUrl url, String encoding) {
        if (!encoding.equals(ENCODING)) {
            throw new DatabaseUnusableException("The database at " + url.place() + " cannot be used: its encoding is "
                    + encoding + ", in which not every text can be stored. Create one with CREATE DATABASE …"
                    + " ENCODING 'UTF8' TEMPLATE template0, let DATABASE_URL name it, and move the rooms there with"
                    + " java -jar keck.jar export and import.");
        }
    }
}
