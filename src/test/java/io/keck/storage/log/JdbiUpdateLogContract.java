package io.keck.storage.log;

import io.keck.room.UpdateLog;
import io.keck.room.UpdateLogContract;
import io.keck.storage.Storage;
import io.keck.testing.FreshDatabase;
import io.keck.testing.TestDatabase;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract over a database. */
abstract class JdbiUpdateLogContract extends UpdateLogContract {
    @RegisterExtension
    final FreshDatabase db;

    Storage storage;
    JdbiUpdateLog log;

    JdbiUpdateLogContract(FreshDatabase db) {
        this.db = db;
    }

    @BeforeEach
    void open() {
        reopened();
    }

    @Override
    protected final UpdateLog log() {
        return log;
    }

    @Override
    protected final UpdateLog reopened() {
        storage = db.reopen(TestDatabase.settings());
        log = storage.log();
        return log;
    }
}
