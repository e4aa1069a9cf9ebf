package io.keck.storage.history;

import io.keck.testing.FreshDatabase;

class SqliteKeptHistoryTest extends KeptHistoryContract {
    SqliteKeptHistoryTest() {
        super(FreshDatabase.sqlite(), false);
    }
}
