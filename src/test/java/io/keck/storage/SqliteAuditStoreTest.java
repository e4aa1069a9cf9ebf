package io.keck.storage;

import io.keck.testing.FreshDatabase;

class SqliteAuditStoreTest extends JdbiAuditStoreContract {
    SqliteAuditStoreTest() {
        super(FreshDatabase.sqlite());
    }
}
