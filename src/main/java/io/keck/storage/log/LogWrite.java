package io.keck.storage.log;

import io.keck.room.RequestKey;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Appended;
import io.keck.storage.database.Write;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A write of the room log. */
sealed interface LogWrite extends Write {
    /**
     * Batches of a room, each a row; completes with where they are.
     *
     * @param entries in the order of their rows; one where anything has to be looked up first
     */
    record Append(
            long roomId,
            List<UpdateLog.Entry> entries,
            boolean again,
            @Nullable RequestKey key,
            CompletableFuture<List<Appended>> done)
            implements LogWrite {
        /** The same for another room. */
        Append to(long id) {
            return new Append(id, entries, again, key, done);
        }

        /** The first batch. */
        UpdateLog.Entry first() {
            return entries.get(0);
        }

        /** Whether something has to be looked up first, with the room locked. */
        boolean isChecked() {
            return again || key != null;
        }

        /** Where all of them are, once the first has its row. */
        List<Appended> all(Appended first) {
            List<Appended> all = new ArrayList<>(entries.size());
            all.add(first);
            for (int i = 1; i < entries.size(); i++) {
                all.add(new Appended(
                        first.seq() + i,
                        entries.get(i).link(),
                        entries.get(i - 1).link()));
            }
            return all;
        }

        @Override
        public int size() {
            int bytes = 0;
            for (UpdateLog.Entry entry : entries) {
                bytes += entry.payload().length;
            }
            return bytes;
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
