package io.keck.storage;

import io.keck.PostgresServer;
import java.nio.file.Path;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Damage in PostgreSQL. */
class PostgresDamageTest extends DamageContract {
    @TempDir
    static Path dir;

    private static PostgresServer server;
    private PostgresDatabase db;
    private JdbiUpdateLog log;

    @BeforeAll
    static void startServer() {
        server = PostgresServer.start(dir);
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void open() throws Exception {
        db = new PostgresDatabase(server);
        log = db.log();
    }

    @AfterEach
    void close() throws Exception {
        log.stop();
        db.close();
    }

    @Override
    Jdbi jdbi() {
        return db.jdbi;
    }

    @Override
    JdbiUpdateLog log() {
        return log;
    }
}
