package io.keck.storage.held;

import io.keck.testing.FreshDatabase;

class SqliteHeldUpdatesTest extends JdbiHeldUpdatesContract {
    SqliteHeldUpdatesTest() {
        super(FreshDatabase.sqlite());
    }
}
