package io.keck.storage;

import io.keck.testing.FreshDatabase;

class PostgresAccessStoreTest extends JdbiAccessStoreContract {
    PostgresAccessStoreTest() {
        super(FreshDatabase.postgres());
    }
}
