package io.keck.storage.doctor;

import io.keck.testing.FreshDatabase;

/** Damage in SQLite. */
class SqliteDamageTest extends DamageContract {
    SqliteDamageTest() {
        super(FreshDatabase.sqlite());
    }
}
