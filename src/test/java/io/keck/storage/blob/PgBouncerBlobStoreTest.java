package io.keck.storage.blob;

import io.keck.testing.FreshDatabase;

/** Through a pooler that gives each transaction another connection. */
class PgBouncerBlobStoreTest extends BlobStoreContract {
    PgBouncerBlobStoreTest() {
        super(FreshDatabase.pgBouncer());
    }
}
