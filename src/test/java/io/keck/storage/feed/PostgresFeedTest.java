package io.keck.storage.feed;

import io.keck.storage.Storage;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import io.keck.testing.SqliteFile;
import java.nio.file.Path;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class PostgresFeedTest extends FeedContract {
    @TempDir
    private static Path dir;

    private static PostgresServer server;
    private PostgresDatabase db;
    private Storage storage;

    @BeforeAll
    static void start() {
        server = PostgresServer.start(dir);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void open() throws Exception {
        db = new PostgresDatabase(server);
        storage = db.storage();
    }

    @AfterEach
    void close() throws Exception {
        storage.stop();
        db.close();
    }

    @Override
    Storage storage() {
        return storage;
    }

    @Override
    SqliteFile.HandClock clock() {
        return db.clock;
    }

    @Override
    Jdbi jdbi() {
        return db.jdbi;
    }
}
