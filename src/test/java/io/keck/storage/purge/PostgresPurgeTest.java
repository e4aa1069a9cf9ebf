package io.keck.storage.purge;

import io.keck.testing.FreshDatabase;

class PostgresPurgeTest extends PurgeContract {
    PostgresPurgeTest() {
        super(FreshDatabase.postgres());
    }
}
