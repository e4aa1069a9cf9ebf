package io.keck.storage;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jdbi.v3.core.Handle;

/** Something that goes through the log's one writer. */
sealed interface Write {
    /** Whoever waits for it. */
    CompletableFuture<?> done();

    /** One batch of a room; completes with its seq. */
    record Append(long roomId, UUID batchId, byte[] payload, CompletableFuture<Long> done) implements Write {}

    /** The live room of a name, created where there is none; completes with its id. */
    record Create(String name, CompletableFuture<Long> done) implements Write {}

    /** Anything else that changes the database; completes with what it returns. */
    record Task(Work work, CompletableFuture<Boolean> done) implements Write {
        /** What to do, inside the writer's transaction. */
        @FunctionalInterface
        interface Work {
            /** Does it. */
            boolean run(Handle handle);
        }
    }
}
