package io.keck.storage;

import io.keck.room.RequestKey;
import io.keck.room.UpdateLog.Appended;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Something that goes through one of the log's writers. */
sealed interface Write {
    /** Whoever waits for it. */
    CompletableFuture<?> done();

    /** Bytes that go to the database, roughly. */
    default int size() {
        return 0;
    }

    /** One batch of a room; completes with where it is. */
    record Append(
            long roomId,
            UUID batchId,
            long link,
            byte[] payload,
            boolean again,
            @Nullable RequestKey key,
            CompletableFuture<Appended> done)
            implements Write {
        /** The same for another room. */
        Append to(long id) {
            return new Append(id, batchId, link, payload, again, key, done);
        }

        /** Whether something has to be looked up first, with the room locked. */
        boolean isChecked() {
            return again || key != null;
        }

        @Override
        public int size() {
            return payload.length;
        }
    }

    /** The key of an edit that changes nothing; completes with how far the room is. */
    record Keep(long roomId, RequestKey key, CompletableFuture<Appended> done) implements Write {}

    /**
     * The live room of a name, created where there is none; completes with its id, or fails with {@link
     * io.keck.room.UpdateLog.RoomGoneException}.
     *
     * @param heldSince where a room of the name was deleted after that, none is created
     */
    record Create(String name, long heldSince, CompletableFuture<Long> done) implements Write {}

    /** Anything else that changes the database; completes with what it returns. */
    record Task(Work work, CompletableFuture<Boolean> done) implements Write {
        /** What to do, inside a transaction. */
        @FunctionalInterface
        interface Work {
            /** Does it. */
            boolean run(Handle handle);
        }
    }
}
