package io.keck.storage.others;

import io.keck.storage.octobase.SourceConnection;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The table in which Hocuspocus keeps its documents: one row for each, with its name and {@code Y.encodeStateAsUpdate} of
 * it. {@code @hocuspocus/extension-sqlite} creates {@code documents(name, data)}; applications with {@code
 * @hocuspocus/extension-database} make such a table themselves, often in PostgreSQL, and may call it otherwise. Several rows
 * of one name, which a table without a unique index may have, are read as updates of one document.
 */
public final class HocuspocusStore implements OtherStore {
    private static final int ALIVE_SECONDS = 30;

    private final Connection connection;
    private final String table;
    private final String name;
    private final String data;
    private final String length;

    /**
     * The names of the table and its columns.
     *
     * @param table may begin with a schema and a dot
     */
    public record Table(String table, String name, String data) {
        /** The table of {@code @hocuspocus/extension-sqlite}. */
        public static final Table DEFAULT = new Table("documents", "name", "data");
    }

    private HocuspocusStore(Connection connection, Table from, boolean sqlite) {
        this.connection = connection;
        this.table = Arrays.stream(from.table().split("[.]", 2))
                .map(HocuspocusStore::quote)
                .collect(Collectors.joining("."));
        this.name = quote(from.name());
        this.data = quote(from.data());
        this.length = sqlite ? "length(CAST(" + data + " AS BLOB))" : "octet_length(" + data + ")";
    }

    private static String quote(String identifier) {
        return '"' + identifier.replace("\"", "\"\"") + '"';
    }

    /**
     * Opens the file of an SQLite database.
     *
     * @throws UnreadableException if it cannot be opened or has no such table
     */
    public static HocuspocusStore sqlite(String file, Table table) {
        return open(file.startsWith("sqlite:") || file.startsWith("jdbc:") ? file : "sqlite:" + file, table, true);
    }

    /**
     * Opens a PostgreSQL database.
     *
     * @param url {@code postgres://user:password@host:5432/database} or a {@code jdbc:} URL
     * @throws IllegalArgumentException if the URL has another form; the message does not repeat it
     * @throws UnreadableException if it cannot be opened or has no such table
     */
    public static HocuspocusStore postgres(String url, Table table) {
        if (url.startsWith("sqlite:") || url.startsWith("jdbc:sqlite:")) {
            throw new IllegalArgumentException("An SQLite database is read with hocuspocus-sqlite.");
        }
        return open(url, table, false);
    }

    private static HocuspocusStore open(String url, Table table, boolean sqlite) {
        Connection connection = null;
        try {
            connection = SourceConnection.open(url.strip());
            HocuspocusStore store = new HocuspocusStore(connection, table, sqlite);
            store.requireColumns(sqlite);
            return store;
        } catch (SQLException e) {
            closeQuietly(connection);
            throw new UnreadableException("The source cannot be read: " + SourceConnection.sentence(e), e);
        } catch (RuntimeException e) {
            closeQuietly(connection);
            throw e;
        }
    }

    private void requireColumns(boolean sqlite) throws SQLException {
        // PostgreSQL and SQLite read an unknown name in double quotes differently: SQLite may take it for a text
        try (PreparedStatement statement = connection.prepareStatement("SELECT t.* FROM " + table + " t WHERE 1 = 0");
                ResultSet rs = statement.executeQuery()) {
            ResultSetMetaData meta = rs.getMetaData();
            List<String> columns = new ArrayList<>();
            for (int i = 1; i <= meta.getColumnCount(); i++) {
                columns.add(quote(meta.getColumnName(i)));
                boolean isBinary = List.of(Types.BINARY, Types.VARBINARY, Types.LONGVARBINARY, Types.BLOB)
                        .contains(meta.getColumnType(i));
                if (!sqlite && quote(meta.getColumnName(i)).equals(data) && !isBinary) {
                    throw new SQLException("The column " + data + " of the table " + table + " has the type "
                            + meta.getColumnTypeName(i) + " and not bytea.");
                }
            }
            for (String column : List.of(name, data)) {
                if (!columns.contains(column)) {
                    throw new SQLException("The table " + table + " has no column " + column + " but "
                            + String.join(", ", columns) + ".");
                }
            }
        }
    }

    @Override
    public List<Entry> entries() {
        List<Entry> all = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT " + name + ", coalesce(sum(" + length
                        + "), 0) FROM " + table + " WHERE " + name + " IS NOT NULL GROUP BY " + name + " ORDER BY "
                        + name);
                ResultSet rs = statement.executeQuery()) {
            while (rs.next()) {
                all.add(new Entry(rs.getString(1), rs.getLong(2)));
            }
            return all;
        } catch (SQLException e) {
            throw new UnreadableException("The source cannot be read: " + SourceConnection.sentence(e), e);
        }
    }

    @Override
    public List<String> nameless() {
        try (PreparedStatement statement =
                        connection.prepareStatement("SELECT count(*) FROM " + table + " WHERE " + name + " IS NULL");
                ResultSet rs = statement.executeQuery()) {
            long count = rs.next() ? rs.getLong(1) : 0;
            return count == 0 ? List.of() : List.of(count + " rows of the table " + table + " have no name.");
        } catch (SQLException e) {
            throw new UnreadableException("The source cannot be read: " + SourceConnection.sentence(e), e);
        }
    }

    @Override
    public List<byte[]> updates(String document) {
        List<byte[]> rows = new ArrayList<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT " + data + " FROM " + table + " WHERE " + name + " = ?")) {
            statement.setString(1, document);
            try (ResultSet rs = statement.executeQuery()) {
                while (rs.next()) {
                    byte[] bytes = rs.getBytes(1);
                    if (bytes == null) {
                        throw new DamagedException("Its column " + data + " is null.");
                    }
                    rows.add(bytes);
                }
            }
        } catch (SQLException e) {
            requireAlive(e);
            throw new DamagedException("Its row cannot be read: " + SourceConnection.sentence(e) + ".");
        }
        if (rows.isEmpty()) {
            throw new DamagedException("It was deleted in the source meanwhile.");
        }
        return rows;
    }

    private void requireAlive(SQLException cause) {
        try {
            if (connection.isValid(ALIVE_SECONDS)) {
                return;
            }
        } catch (SQLException e) {
            cause.addSuppressed(e);
        }
        throw new UnreadableException("The source no longer answers: " + SourceConnection.sentence(cause), cause);
    }

    @Override
    public void close() {
        closeQuietly(connection);
    }

    private static void closeQuietly(@Nullable Connection connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            // nothing was written, so nothing can be lost
        }
    }
}
