package io.keck.room;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where the updates of all rooms become durable: per room a sequence without gaps. Implementations are thread-safe.
 *
 * <p>The weakest promise: a stage that completed normally from {@link #append} means that the batch is committed in the
 * database. A stage that completed exceptionally means nothing at all: the batch may be committed or not, and is to be
 * appended again <em>with the same id</em> until the answer is known. Stages complete on any thread.
 */
public interface UpdateLog {
    /** One batch in the log. */
    record Row(long seq, UUID batchId, byte[] payload) {}

    /**
     * A room as the log has it: the snapshot and the rows after it, without a gap, in order of their seq.
     *
     * @param roomId never used again for another life of the name
     * @param snapshotSeq the seq up to which the snapshot counts; 0 when there is none
     * @param snapshot a V1 update, or null when there is none
     */
    record Contents(long roomId, long snapshotSeq, byte @Nullable [] snapshot, List<Row> rows) {}

    /** The room was deleted; nothing can be appended to that id again. */
    final class RoomGoneException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param roomId the id that is gone */
        public RoomGoneException(long roomId) {
            super("room " + roomId + " was deleted", null, false, false);
        }
    }

    /** Reads the live room of that name, and creates it where there is none. */
    CompletionStage<Contents> open(String name);

    /**
     * Everything after {@code seq}: rows, or a snapshot and rows where the first of them were compacted away. Fails with
     * {@link RoomGoneException} when the room was deleted.
     */
    CompletionStage<Contents> read(long roomId, long seq);

    /**
     * Appends a batch.
     *
     * @param batchId random, the same for each attempt: a batch that is already there is not written again
     * @param payload a V1 update; not changed by anyone afterwards
     * @return its seq; fails with {@link RoomGoneException}, or anything else where the outcome is unknown
     */
    CompletionStage<Long> append(long roomId, UUID batchId, byte[] payload);
}
