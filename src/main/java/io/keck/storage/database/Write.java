package io.keck.storage.database;

import java.util.concurrent.CompletableFuture;

/** A change that goes through a lane, in one transaction with others. */
public interface Write {
    /** Completes when the change is committed, or fails. */
    CompletableFuture<?> done();

    /** The approximate bytes sent to the database. */
    default int size() {
        return 0;
    }

    /** A change of any kind; completes with the result of the work. */
    record Task(Change work, CompletableFuture<Boolean> done) implements Write {}
}
