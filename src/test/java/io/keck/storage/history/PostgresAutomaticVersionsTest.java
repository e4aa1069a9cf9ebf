package io.keck.storage.history;

import io.keck.testing.FreshDatabase;

class PostgresAutomaticVersionsTest extends AutomaticVersionsContract {
    PostgresAutomaticVersionsTest() {
        super(FreshDatabase.postgres());
    }
}
