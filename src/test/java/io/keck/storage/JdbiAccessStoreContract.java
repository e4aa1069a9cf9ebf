package io.keck.storage;

import io.keck.access.AccessStore;
import io.keck.access.AccessStoreContract;
import io.keck.testing.FreshDatabase;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract over a database. */
abstract class JdbiAccessStoreContract extends AccessStoreContract {
    @RegisterExtension
    final FreshDatabase db;

    JdbiAccessStoreContract(FreshDatabase db) {
        this.db = db;
    }

    @Override
    protected final AccessStore store() {
        return new JdbiAccessStore(db.jdbi(), db.clock());
    }

    @Override
    protected final AccessStore other() {
        return store();
    }

    @Override
    protected final void pass(long millis) {
        db.clock().now += millis;
    }

    @Override
    protected final long now() {
        return db.clock().millis();
    }
}
