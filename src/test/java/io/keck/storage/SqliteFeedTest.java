package io.keck.storage;

import java.nio.file.Path;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class SqliteFeedTest extends FeedContract {
    @TempDir
    private Path dir;

    private SqliteFile db;
    private JdbiUpdateLog log;

    @BeforeEach
    void open() throws Exception {
        db = new SqliteFile(dir.resolve("keck.db"));
        log = db.log(1_000);
    }

    @AfterEach
    void close() throws Exception {
        log.stop();
        db.close();
    }

    @Override
    JdbiUpdateLog log() {
        return log;
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
