package io.keck.storage.octobase;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The database of OctoBase's Keck, opened for reading only. Not thread-safe.
 *
 * <p>Table {@code docs}: each row is a Yjs update in V1. A document consists of all rows of its workspace with
 * {@code is_workspace}, in the order of {@code id}; the other rows are sub-documents. Table {@code blobs}: bytes by
 * workspace and hash, the SHA-256 in base64 (URL-safe, padded), hidden once {@code deleted_at} is set. Older databases
 * without {@code is_workspace} or {@code deleted_at} are read as well.
 *
 * <p>Lists are read in pages, and rows through a cursor that fetches a few megabytes at a time. A transaction lasts for one
 * call, so a server that still writes there is blocked for one workspace at most.
 */
public final class SourceDatabase implements AutoCloseable {
    private static final int FETCH_BYTES = 4 << 20;
    private static final int FETCH_ROWS = 1_000;

    private final Connection connection;
    private final boolean sqlite;
    /** The SQL condition for rows of the workspace's own document. */
    private final String own;

    private final String notDeleted;
    private final boolean hasBlobs;
    private final boolean hasBucket;

    /**
     * A workspace of {@code docs}.
     *
     * @param rows the number of rows of its own document
     * @param bytes the bytes of these rows together
     * @param largest the bytes of the largest row
     * @param otherRows the number of rows of sub-documents
     */
    record Workspace(String name, long rows, long bytes, long largest, long otherRows) {}

    /**
     * Totals of the source.
     *
     * @param blobs blobs that are not deleted
     * @param bucketBlobs blobs that are only listed, since their bytes are in an object store
     */
    record Totals(long workspaces, long rows, long bytes, long blobs, long blobBytes, long bucketBlobs) {}

    /** A blob without its bytes. */
    record BlobRow(String hash, long length) {}

    /** Receives the rows of a document. */
    @FunctionalInterface
    interface RowConsumer {
        /**
         * Receives a row.
         *
         * @param update null if the column is null
         */
        void accept(long id, byte @Nullable [] update);
    }

    @FunctionalInterface
    private interface Query<T> {
        T run() throws SQLException;
    }

    private SourceDatabase(Connection connection, boolean sqlite) throws SQLException {
        this.connection = connection;
        this.sqlite = sqlite;
        connection.setAutoCommit(false);
        Set<String> docs = columns("docs");
        if (!docs.containsAll(Set.of("id", "workspace_id", "blob"))) {
            throw new SQLException("There is no table docs with the columns id, workspace_id and blob.");
        }
        Set<String> blobs = columns("blobs");
        this.own = docs.contains("is_workspace") ? "is_workspace" : "(1 = 1)";
        this.hasBlobs = blobs.containsAll(Set.of("workspace_id", "hash", "blob", "length"));
        this.notDeleted = blobs.contains("deleted_at") ? "deleted_at IS NULL" : "(1 = 1)";
        this.hasBucket = columns("bucket_blobs").contains("hash");
    }

    /**
     * Opens the database.
     *
     * @param url {@code postgres://user:password@host:5432/database}, {@code sqlite:path} with or without slashes and
     *     parameters as the old server accepts it, or a {@code jdbc:} URL of either
     * @throws IllegalArgumentException if the URL has another form; the message does not repeat it
     * @throws SourceException if the database cannot be opened
     */
    public static SourceDatabase open(String url) {
        String trimmed = url.strip();
        boolean sqlite = trimmed.startsWith("sqlite:") || trimmed.startsWith("jdbc:sqlite:");
        Connection connection = null;
        try {
            connection = SourceConnection.open(trimmed);
            return new SourceDatabase(connection, sqlite);
        } catch (SQLException e) {
            if (connection != null) {
                closeQuietly(connection);
            }
            throw new SourceException("The source cannot be read: " + SourceConnection.sentence(e), e);
        }
    }

    /**
     * Whether a database belongs to OctoBase's Keck, so that this Keck must not write to it. False if the database cannot be
     * opened.
     *
     * @param jdbcUrl the URL, which may contain the credentials
     */
    public static boolean isAt(String jdbcUrl, @Nullable String user, @Nullable String password) {
        boolean sqlite = jdbcUrl.startsWith("jdbc:sqlite:");
        Properties properties = new Properties();
        if (user != null) {
            properties.setProperty("user", user);
        }
        if (password != null) {
            properties.setProperty("password", password);
        }
        try (Connection connection = sqlite
                        ? SourceConnection.openSqlite(jdbcUrl)
                        : DriverManager.getConnection(jdbcUrl, properties);
                SourceDatabase found = new SourceDatabase(connection, sqlite)) {
            return found.hasBlobs;
        } catch (SQLException | IllegalArgumentException e) {
            return false;
        }
    }

    /** The columns of a table, in lower case; empty if there is no such table. */
    private Set<String> columns(String table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM " + table + " WHERE 1 = 0");
                ResultSet rs = statement.executeQuery()) {
            ResultSetMetaData meta = rs.getMetaData();
            Set<String> names = new HashSet<>();
            for (int i = 1; i <= meta.getColumnCount(); i++) {
                names.add(meta.getColumnName(i).toLowerCase(Locale.ROOT));
            }
            return names;
        } catch (SQLException e) {
            return Set.of();
        } finally {
            connection.rollback();
        }
    }

    private <T> T ask(Query<T> query) {
        try {
            T result = query.run();
            connection.commit();
            return result;
        } catch (SQLException e) {
            end();
            throw new SourceException("Reading the source failed: " + SourceConnection.sentence(e), e);
        } catch (RuntimeException | Error e) {
            end();
            throw e;
        }
    }

    private void end() {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // the connection is lost, and the next call reports it
        }
    }

    /** Whether the source still answers. */
    boolean isAlive() {
        try {
            return ask(() -> {
                try (PreparedStatement statement = connection.prepareStatement("SELECT 1")) {
                    return statement.executeQuery().next();
                }
            });
        } catch (SourceException e) {
            return false;
        }
    }

    /** The SQL expression for the length of the column {@code blob}. */
    private String length() {
        return sqlite ? "length(CAST(\"blob\" AS BLOB))" : "octet_length(\"blob\")";
    }

    Totals totals() {
        return ask(() -> {
            long[] docs = numbers("SELECT count(DISTINCT workspace_id), count(*), coalesce(sum(" + length()
                    + "), 0) FROM docs WHERE " + own);
            long[] blobs = hasBlobs
                    ? numbers("SELECT count(*), coalesce(sum(length), 0) FROM blobs WHERE " + notDeleted)
                    : new long[2];
            long bucket = hasBucket ? numbers("SELECT count(*) FROM bucket_blobs")[0] : 0;
            return new Totals(docs[0], docs[1], docs[2], blobs[0], blobs[1], bucket);
        });
    }

    /** The totals of these workspaces. */
    Totals totals(List<String> names) {
        Totals sum = new Totals(0, 0, 0, 0, 0, 0);
        for (String name : names) {
            Optional<Workspace> found = workspace(name).filter(workspace -> workspace.rows() > 0);
            List<BlobRow> blobs = blobs(name);
            sum = new Totals(
                    sum.workspaces() + (found.isPresent() ? 1 : 0),
                    sum.rows() + found.map(Workspace::rows).orElse(0L),
                    sum.bytes() + found.map(Workspace::bytes).orElse(0L),
                    sum.blobs() + blobs.size(),
                    sum.blobBytes() + blobs.stream().mapToLong(BlobRow::length).sum(),
                    0);
        }
        return sum;
    }

    private long[] numbers(String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet rs = statement.executeQuery()) {
            rs.next();
            long[] row = new long[rs.getMetaData().getColumnCount()];
            for (int i = 0; i < row.length; i++) {
                row[i] = rs.getLong(i + 1);
            }
            return row;
        }
    }

    /**
     * Workspaces that have documents, ordered by name.
     *
     * @param after the last name of the previous page, or null for the first page
     */
    List<Workspace> workspaces(@Nullable String after, int limit) {
        return workspaces(after == null ? "" : " WHERE workspace_id > ?", after, limit);
    }

    /** One workspace by its name. */
    Optional<Workspace> workspace(String name) {
        return workspaces(" WHERE workspace_id = ?", name, 1).stream().findFirst();
    }

    /** Whether the source has a document or a blob of a workspace. */
    boolean has(String name) {
        try {
            return workspace(name).isPresent() || !blobs(name).isEmpty();
        } catch (SourceException e) {
            if (!isAlive()) {
                throw e;
            }
            return false; // PostgreSQL refuses names that it cannot hold
        }
    }

    private List<Workspace> workspaces(String where, @Nullable String name, int limit) {
        String of = "(CASE WHEN " + own + " THEN ";
        return ask(() -> {
            List<Workspace> page = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement("SELECT workspace_id, sum" + of
                    + "1 ELSE 0 END), coalesce(sum" + of + length() + " END), 0), coalesce(max" + of + length()
                    + " END), 0), count(*) FROM docs" + where
                    + " GROUP BY workspace_id ORDER BY workspace_id LIMIT ?")) {
                if (name != null) {
                    statement.setString(1, name);
                }
                statement.setInt(name == null ? 1 : 2, limit);
                try (ResultSet rs = statement.executeQuery()) {
                    while (rs.next()) {
                        long rows = rs.getLong(2);
                        page.add(new Workspace(
                                rs.getString(1), rows, rs.getLong(3), rs.getLong(4), rs.getLong(5) - rows));
                    }
                }
            }
            return page;
        });
    }

    /** Passes all rows of the document to a consumer, in order; only a few are in memory at a time. */
    void rows(Workspace workspace, RowConsumer consumer) {
        ask(() -> {
            try (PreparedStatement statement = connection.prepareStatement(
                    "SELECT id, \"blob\" FROM docs WHERE workspace_id = ? AND " + own + " ORDER BY id")) {
                statement.setFetchSize((int) Math.max(
                        1, Math.min(FETCH_ROWS, FETCH_BYTES / Math.max(1, workspace.largest()))));
                statement.setString(1, workspace.name());
                try (ResultSet rs = statement.executeQuery()) {
                    while (rs.next()) {
                        consumer.accept(rs.getLong(1), rs.getBytes(2));
                    }
                }
            }
            return true;
        });
    }

    /** Names of workspaces that have blobs, in order. */
    List<String> workspacesWithBlobs(@Nullable String after, int limit) {
        if (!hasBlobs) {
            return List.of();
        }
        return ask(() -> {
            List<String> page = new ArrayList<>();
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT DISTINCT workspace_id FROM blobs WHERE " + notDeleted
                            + (after == null ? "" : " AND workspace_id > ?") + " ORDER BY workspace_id LIMIT ?")) {
                if (after != null) {
                    statement.setString(1, after);
                }
                statement.setInt(after == null ? 1 : 2, limit);
                try (ResultSet rs = statement.executeQuery()) {
                    while (rs.next()) {
                        page.add(rs.getString(1));
                    }
                }
            }
            return page;
        });
    }

    /** The blobs of a workspace that are not deleted, without their bytes. */
    List<BlobRow> blobs(String workspace) {
        if (!hasBlobs) {
            return List.of();
        }
        return ask(() -> {
            List<BlobRow> all = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement(
                    "SELECT hash, length FROM blobs WHERE workspace_id = ? AND " + notDeleted + " ORDER BY hash")) {
                statement.setString(1, workspace);
                try (ResultSet rs = statement.executeQuery()) {
                    while (rs.next()) {
                        all.add(new BlobRow(rs.getString(1), rs.getLong(2)));
                    }
                }
            }
            return all;
        });
    }

    /** The bytes of a blob; empty if it was deleted meanwhile. */
    Optional<byte[]> blob(String workspace, String hash) {
        return ask(() -> {
            try (PreparedStatement statement = connection.prepareStatement(
                    "SELECT \"blob\" FROM blobs WHERE workspace_id = ? AND hash = ? AND " + notDeleted)) {
                statement.setString(1, workspace);
                statement.setString(2, hash);
                try (ResultSet rs = statement.executeQuery()) {
                    return rs.next() ? Optional.ofNullable(rs.getBytes(1)) : Optional.empty();
                }
            }
        });
    }

    @Override
    public void close() {
        closeQuietly(connection);
    }

    private static void closeQuietly(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            // nothing was written, so nothing can be lost
        }
    }
}
