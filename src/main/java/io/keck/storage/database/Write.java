package io.keck.storage.database;

import java.util.concurrent.CompletableFuture;

/** A change that goes through a lane, in one transaction with others. */
public interface Write {
    /** Completes when the change is committed, or fails. */
    CompletableFuture<?> done();

    /** Bytes that go to the database, roughly. */
    default int size() {
        return 0;
    }

    /** A change that the lane knows nothing of; completes with what it returns. */
    record Task(Change work, CompletableFuture<Boolean> done) implements Write {}
}
