package io.keck.storage.feed;

import io.keck.testing.FreshDatabase;

class PostgresFeedTest extends FeedContract {
    PostgresFeedTest() {
        super(FreshDatabase.postgres());
    }
}
