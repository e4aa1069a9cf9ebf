package io.keck.storage;

import io.keck.storage.database.Dialect;
import io.keck.testing.FreshDatabase;

class SqliteTenantSizesTest extends TenantSizesContract {
    SqliteTenantSizesTest() {
        super(FreshDatabase.sqlite(), Dialect.SQLITE);
    }
}
