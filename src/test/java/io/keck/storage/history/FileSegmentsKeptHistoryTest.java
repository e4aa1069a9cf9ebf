package io.keck.storage.history;

import io.keck.testing.FreshDatabase;

class FileSegmentsKeptHistoryTest extends KeptHistoryContract {
    FileSegmentsKeptHistoryTest() {
        super(FreshDatabase.sqlite(), true);
    }
}
