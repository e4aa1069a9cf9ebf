package io.keck.storage.octobase;

import io.keck.PostgresServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class PostgresImportTest extends ImporterContract {
    @TempDir
    private static Path dir;

    private static PostgresServer server;
    private static int databases;

    private String database;

    @BeforeAll
    static void startServer() {
        server = PostgresServer.start(dir);
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Override
    protected OldKeck source() {
        database = "target" + ++databases;
        server.execute("CREATE DATABASE " + database);
        return OldKeck.postgres(server);
    }

    @Override
    protected Target target(long holdMillis) {
        return new Target(server.url(database), holdMillis);
    }
}
