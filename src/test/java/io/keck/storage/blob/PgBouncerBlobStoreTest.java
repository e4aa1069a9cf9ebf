package io.keck.storage.blob;

import io.keck.testing.PgBouncer;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import io.keck.testing.SqliteFile;
import java.nio.file.Path;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Through a pooler that gives each transaction another connection. */
class PgBouncerBlobStoreTest extends BlobStoreContract {
    @TempDir
    private static Path dir;

    private static PostgresServer server;
    private static PgBouncer bouncer;

    private PostgresDatabase db;

    @BeforeAll
    static void startServers() {
        server = PostgresServer.start(dir);
        bouncer = PgBouncer.start(dir, server);
    }

    @AfterAll
    static void stopServers() {
        if (bouncer != null) {
            bouncer.close();
        }
        server.close();
    }

    @Override
    protected void openDatabase() throws Exception {
        db = new PostgresDatabase(server, bouncer.address());
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
