package io.keck.storage.blob;

import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import io.keck.testing.SqliteFile;
import java.nio.file.Path;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class PostgresBlobStoreTest extends BlobStoreContract {
    @TempDir
    private static Path dir;

    private static PostgresServer server;

    private PostgresDatabase db;

    @BeforeAll
    static void startServer() {
        server = PostgresServer.start(dir);
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Override
    protected void openDatabase() throws Exception {
        db = new PostgresDatabase(server);
        storage = db.storage();
    }

    @Override
    protected void closeDatabase() throws Exception {
        db.close();
    }

    @Override
    protected Jdbi jdbi() {
        return db.jdbi;
    }

    @Override
    protected SqliteFile.HandClock clock() {
        return db.clock;
    }
}
