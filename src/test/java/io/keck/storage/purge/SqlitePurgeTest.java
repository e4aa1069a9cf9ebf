package io.keck.storage.purge;

import io.keck.testing.FreshDatabase;

class SqlitePurgeTest extends PurgeContract {
    SqlitePurgeTest() {
        super(FreshDatabase.sqlite());
    }
}
