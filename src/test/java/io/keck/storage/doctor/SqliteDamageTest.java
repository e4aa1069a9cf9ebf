package io.keck.storage.doctor;

import io.keck.storage.Storage;
import io.keck.testing.SqliteFile;
import java.nio.file.Path;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Damage in SQLite. */
class SqliteDamageTest extends DamageContract {
    @TempDir
    Path dir;

    private SqliteFile db;
    private Storage storage;

    @BeforeEach
    void open() throws Exception {
        db = new SqliteFile(dir.resolve("keck.db"));
        storage = db.storage(1_000);
    }

    @AfterEach
    void close() throws Exception {
        storage.stop();
        db.close();
    }

    @Override
    Jdbi jdbi() {
        return db.jdbi;
    }

    @Override
    Storage storage() {
        return storage;
    }
}
