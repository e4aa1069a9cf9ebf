package io.keck.storage.log;

import io.keck.testing.FreshDatabase;

class PostgresAuthorPrunerTest extends AuthorPrunerContract {
    PostgresAuthorPrunerTest() {
        super(FreshDatabase.postgres());
    }
}
