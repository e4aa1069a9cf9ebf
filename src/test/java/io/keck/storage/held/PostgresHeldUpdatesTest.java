package io.keck.storage.held;

import io.keck.testing.FreshDatabase;

class PostgresHeldUpdatesTest extends JdbiHeldUpdatesContract {
    PostgresHeldUpdatesTest() {
        super(FreshDatabase.postgres());
    }
}
