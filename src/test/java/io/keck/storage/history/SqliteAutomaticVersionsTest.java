package io.keck.storage.history;

import io.keck.testing.FreshDatabase;

class SqliteAutomaticVersionsTest extends AutomaticVersionsContract {
    SqliteAutomaticVersionsTest() {
        super(FreshDatabase.sqlite());
    }
}
