package io.keck.storage;

import io.keck.access.AccessStore;
import io.keck.access.AccessStoreContract;
import io.keck.testing.SqliteFile;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class SqliteAccessStoreTest extends AccessStoreContract {
    @TempDir
    Path dir;

    private SqliteFile database;

    @BeforeEach
    void open() throws Exception {
        database = new SqliteFile(dir.resolve("keck.db"));
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
