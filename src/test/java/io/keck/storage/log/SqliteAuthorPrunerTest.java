package io.keck.storage.log;

import io.keck.testing.FreshDatabase;

class SqliteAuthorPrunerTest extends AuthorPrunerContract {
    SqliteAuthorPrunerTest() {
        super(FreshDatabase.sqlite());
    }
}
