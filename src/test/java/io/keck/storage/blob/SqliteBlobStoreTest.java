package io.keck.storage.blob;

import io.keck.testing.SqliteFile;
import java.nio.file.Path;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.io.TempDir;

class SqliteBlobStoreTest extends BlobStoreContract {
    @TempDir
    Path dir;

    private SqliteFile db;

    @Override
    protected void openDatabase() throws Exception {
        db = new SqliteFile(dir.resolve("keck.db"));
        storage = db.storage(1_000);
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
