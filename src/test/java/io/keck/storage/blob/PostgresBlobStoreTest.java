package io.keck.storage.blob;

import io.keck.testing.FreshDatabase;

class PostgresBlobStoreTest extends BlobStoreContract {
    PostgresBlobStoreTest() {
        super(FreshDatabase.postgres());
    }
}
