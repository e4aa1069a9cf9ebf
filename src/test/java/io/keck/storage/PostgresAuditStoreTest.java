package io.keck.storage;

import io.keck.testing.FreshDatabase;

class PostgresAuditStoreTest extends JdbiAuditStoreContract {
    PostgresAuditStoreTest() {
        super(FreshDatabase.postgres());
    }
}
