package io.keck.storage;

import io.keck.access.AuditStore;
import io.keck.access.AuditStoreContract;
import io.keck.testing.FreshDatabase;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract over a database. */
abstract class JdbiAuditStoreContract extends AuditStoreContract {
    @RegisterExtension
    final FreshDatabase db;

    JdbiAuditStoreContract(FreshDatabase db) {
        this.db = db;
    }

    @Override
    protected final AuditStore audit() {
        return new JdbiAuditStore(db.jdbi());
    }
}
