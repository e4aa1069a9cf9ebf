package io.keck.storage.history;

import io.keck.testing.FreshDatabase;

class PostgresHistoryTest extends HistoryContract {
    PostgresHistoryTest() {
        super(FreshDatabase.postgres());
    }
}
