package io.keck.storage;

import io.keck.access.AccessStore;
import io.keck.access.AccessStoreContract;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class PostgresAccessStoreTest extends AccessStoreContract {
    @TempDir
    private static Path dir;

    private static PostgresServer server;
    private PostgresDatabase database;

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
        database = new PostgresDatabase(server);
    }

    @AfterEach
    void close() throws Exception {
        database.close();
    }

    @Override
    protected AccessStore store() {
        return new JdbiAccessStore(database.jdbi, database.clock);
    }

    @Override
    protected AccessStore other() {
        return store();
    }

    @Override
    protected void pass(long millis) {
        database.clock.now += millis;
    }

    @Override
    protected long now() {
        return database.clock.millis();
    }
}
