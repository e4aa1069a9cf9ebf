package io.keck.storage.history;

import io.keck.testing.FreshDatabase;

class PostgresKeptHistoryTest extends KeptHistoryContract {
    PostgresKeptHistoryTest() {
        super(FreshDatabase.postgres(), false);
    }
}
