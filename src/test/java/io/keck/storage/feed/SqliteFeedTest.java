package io.keck.storage.feed;

import io.keck.testing.FreshDatabase;

class SqliteFeedTest extends FeedContract {
    SqliteFeedTest() {
        super(FreshDatabase.sqlite());
    }
}
