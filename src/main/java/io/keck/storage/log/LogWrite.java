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
     * Appends batches to a room, each as a row; completes with their positions.
     *
     * @param entries the batches in the order of their rows; only one if the append is repeated or has a key
     */
    record Append(
            long roomId,
            List<UpdateLog.Entry> entries,
            boolean again,
            @Nullable RequestKey key,
            CompletableFuture<List<Appended>> done)
            implements LogWrite {
        /** Returns the same append for another room. */
        Append to(long id) {
            return new Append(id, entries, again, key, done);
        }

        /** The first batch. */
        UpdateLog.Entry first() {
            return entries.get(0);
        }

        /** Whether the database must be queried first, with the room locked. */
        boolean isChecked() {
            return again || key != null || hasClaims();
        }

        /** Whether client ids of the batches must be new in the room. */
        boolean hasClaims() {
            for (UpdateLog.Entry entry : entries) { // asked several times for each commit, so without a stream
                if (entry.claim() != null) {
                    return true;
                }
            }
            return false;
        }

        /** The positions of all batches, given that of the first. */
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

    /** Stores the key of an edit that changes nothing; completes with the position of the room. */
    record Keep(long roomId, RequestKey key, CompletableFuture<Appended> done) implements LogWrite {}

    /**
     * Finds the live room of a name, or creates one; completes with its id, or fails with {@link
     * io.keck.failure.RoomGone}.
     *
     * @param heldSince no room is created if one with this name was deleted after this time
     */
    record Create(String name, long heldSince, CompletableFuture<Long> done) implements LogWrite {}
}
