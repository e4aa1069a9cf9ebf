package io.keck.storage.history;

import io.keck.testing.FreshDatabase;

class SqliteHistoryTest extends HistoryContract {
    SqliteHistoryTest() {
        super(FreshDatabase.sqlite());
    }
}
