package io.keck.storage.blob;

import io.keck.testing.FreshDatabase;

class SqliteBlobStoreTest extends BlobStoreContract {
    SqliteBlobStoreTest() {
        super(FreshDatabase.sqlite());
    }
}
