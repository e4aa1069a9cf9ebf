package io.keck.storage.octobase;

import io.keck.blob.BlobId;
import io.keck.testing.PostgresServer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

/** A database as the Keck of OctoBase makes it, with the column types that its migrations ask for. */
public final class OldKeck implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final Connection connection;
    private final boolean sqlite;
    private final String url;

    private OldKeck(Connection connection, boolean sqlite, String url) {
        this.connection = connection;
        this.sqlite = sqlite;
        this.url = url;
    }

    /** One in a file, empty. */
    public static OldKeck sqlite(Path file) {
        try {
            OldKeck old = new OldKeck(
                    DriverManager.getConnection("jdbc:sqlite:" + file), true, "sqlite://" + file + "?mode=rwc");
            old.run("PRAGMA journal_mode=WAL");
            old.create();
            return old;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One in a database of its own, empty; it is read as somebody who may only read. */
    public static OldKeck postgres(PostgresServer server) {
        String name = "oldkeck" + NUMBER.incrementAndGet();
        server.execute("CREATE DATABASE " + name);
        server.execute("CREATE ROLE reader_" + name + " LOGIN PASSWORD 'p@ss'");
        try {
            OldKeck old = new OldKeck(
                    DriverManager.getConnection(server.jdbcUrl(name), "postgres", ""),
                    false,
                    "postgres://reader_" + name + ":p%40ss@127.0.0.1:" + server.port() + "/" + name);
            old.create();
            old.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_" + name);
            return old;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void create() {
        run(
                sqlite
                        ? "CREATE TABLE docs (id integer PRIMARY KEY AUTOINCREMENT, workspace_id varchar NOT NULL,"
                                + " created_at timestamp_with_timezone_text NOT NULL, \"blob\" blob NOT NULL,"
                                + " guid varchar NOT NULL, is_workspace boolean NOT NULL DEFAULT TRUE)"
                        : "CREATE TABLE docs (id serial PRIMARY KEY, workspace_id varchar NOT NULL,"
                                + " created_at timestamp with time zone NOT NULL, \"blob\" bytea NOT NULL,"
                                + " guid varchar NOT NULL, is_workspace bool NOT NULL DEFAULT TRUE)");
        String time = sqlite ? "timestamp_with_timezone_text" : "timestamp with time zone";
        run("CREATE TABLE blobs (workspace_id varchar NOT NULL, hash varchar NOT NULL, \"blob\" "
                + (sqlite ? "blob" : "bytea") + " NOT NULL, length bigint NOT NULL, created_at " + time
                + " NOT NULL, deleted_at " + time + ", PRIMARY KEY (workspace_id, hash))");
        run("CREATE TABLE bucket_blobs (workspace_id varchar NOT NULL, hash varchar NOT NULL, length bigint NOT NULL,"
                + " created_at " + time + " NOT NULL, PRIMARY KEY (workspace_id, hash))");
        run("CREATE INDEX workspaces_update ON docs (workspace_id)");
        run("CREATE INDEX docs_guid ON docs (guid)");
        run("CREATE INDEX blobs_list ON blobs (workspace_id)");
    }

    /** Runs a statement. */
    public void run(String sql) {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As the old server takes it. */
    public String url() {
        return url;
    }

    /** Adds an update to the document of a workspace; its id. */
    public long row(String workspace, byte[] update) {
        return row(workspace, workspace, true, update);
    }

    /** Adds an update to a document; its id. */
    public long row(String workspace, String guid, boolean own, byte[] update) {
        String sql = "INSERT INTO docs (workspace_id, created_at, \"blob\", guid, is_workspace) VALUES (?, " + now()
                + ", ?, ?, ?) RETURNING id";
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            insert.setString(1, workspace);
            insert.setBytes(2, update);
            insert.setString(3, guid);
            insert.setBoolean(4, own);
            var id = insert.executeQuery();
            id.next();
            return id.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Adds a blob under its hash. */
    public BlobId blob(String workspace, byte[] bytes) {
        BlobId id = id(bytes);
        blob(workspace, id.text(), bytes, bytes.length, false);
        return id;
    }

    /** Adds whatever may stand in the table. */
    public void blob(String workspace, String hash, byte[] bytes, long length, boolean deleted) {
        String sql = "INSERT INTO blobs VALUES (?, ?, ?, ?, " + now() + ", " + (deleted ? now() : "NULL") + ")";
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            insert.setString(1, workspace);
            insert.setString(2, hash);
            insert.setBytes(3, bytes);
            insert.setLong(4, length);
            insert.executeUpdate();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    static BlobId id(byte[] bytes) {
        try {
            return BlobId.of(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private String now() {
        return sqlite ? "'2023-11-24 08:24:01.123456 +00:00'" : "now()";
    }

    /** Collects inserts in a transaction, for many rows. */
    public void inOneTransaction(Runnable inserts) {
        try {
            connection.setAutoCommit(false);
            inserts.run();
            connection.commit();
            connection.setAutoCommit(true);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
