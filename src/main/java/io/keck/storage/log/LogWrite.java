package io.keck.storage.log;

import io.keck.room.RequestKey;
import io.keck.room.UpdateLog.Appended;
import io.keck.storage.database.Write;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A write of the room log. */
sealed interface LogWrite extends Write {
    /** One batch of a room; completes with where it is. */
    record Append(
            long roomId,
            UUID batchId,
            long link,
            byte[] payload,
            boolean again,
            @Nullable RequestKey key,
            CompletableFuture<Appended> done)
            implements LogWrite {
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
    record Keep(long roomId, RequestKey key, CompletableFuture<Appended> done) implements LogWrite {}

    /**
     * The live room of a name, created where there is none; completes with its id, or fails with {@link
     * io.keck.failure.RoomGone}.
     *
     * @param heldSince where a room of the name was deleted after that, none is created
     */
    record Create(String name, long heldSince, CompletableFuture<Long> done) implements LogWrite {}
}
