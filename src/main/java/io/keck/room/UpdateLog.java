package io.keck.room;

import io.keck.access.Author;
import io.keck.access.NameRange;
import io.keck.failure.Refused;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Stores the updates of all rooms durably: for each room a sequence of rows without gaps, to which several nodes
 * append. Implementations are thread-safe.
 *
 * <p>The weakest promise: a stage that completed normally from {@link #append} means that the batch is committed in the
 * database. A stage that completed exceptionally says nothing: the batch may be committed or not, and must be appended
 * again <em>with the same id</em> until the outcome is known. Stages complete on any thread.
 *
 * <p>A log can go back, if a database is restored from a backup or a standby without the last commits takes over. Links
 * make that visible: each attempt to write a row draws a random number, its link, and every message about a row
 * includes the link of the previous row. Two parties that have row n with the same link have the same rows up to n.
 */
public interface UpdateLog {
    /**
     * A batch to be appended.
     *
     * @param batchId random; the same for each attempt
     * @param link random and positive; different for each attempt
     * @param payload a V1 update, which must not be changed afterwards
     * @param author the author of the whole batch; null if unknown
     * @param claim the client ids that the author has to be the first to use; null for none
     */
    record Entry(
            UUID batchId,
            long link,
            byte[] payload,
            @Nullable Author author,
            @Nullable Claim claim) {
        /** Creates a batch without a claim: it is appended even if another principal has introduced its client ids. */
        public Entry(UUID batchId, long link, byte[] payload, @Nullable Author author) {
            this(batchId, link, payload, author, null);
        }
    }

    /**
     * A condition of a batch: no row of the room has another principal's content under these client ids. Otherwise nothing
     * is appended, and the stage fails with {@link ClientIdsTakenException}.
     *
     * @param clients client ids that the batch has content of
     * @param after a seq up to which no row introduces any of them
     */
    record Claim(Set<Long> clients, long after) {}

    /** One batch in the log. */
    record Row(long seq, UUID batchId, long link, byte[] payload) {}

    /**
     * The head of a room's log.
     *
     * @param seq the seq of the newest row; 0 if there is none
     * @param link the link of that row, or {@link Link#NONE}
     * @param deleted whether the room was deleted
     */
    record Head(long seq, long link, boolean deleted) {}

    /**
     * The content of a room in the log at one moment.
     *
     * @param roomId the id of this life of the name; never reused
     * @param head the seq of the newest row at that moment
     * @param anchor the link of the row after which the read began; {@link Link#UNKNOWN} if that row does not exist
     * @param snapshotSeq the seq of the last row in the snapshot; 0 if there is none
     * @param snapshot a V1 update, or null if there is none or none is needed
     * @param rows the rows after the snapshot, or after the requested seq, in order without gaps; only those before the
     *     first damage
     * @param damage the first damaged row or snapshot, or null
     * @param ended the recently ended lives of the name; only if the room was requested by name
     * @param isMade false for a room to which clients have only connected: nothing was ever committed in it, and no
     *     back end has created it
     */
    record Contents(
            long roomId,
            Head head,
            long anchor,
            long snapshotSeq,
            byte @Nullable [] snapshot,
            List<Row> rows,
            @Nullable Damage damage,
            EndedLives ended,
            boolean isMade) {
        /** Creates contents that were requested by id. */
        public Contents(
                long roomId,
                Head head,
                long anchor,
                long snapshotSeq,
                byte @Nullable [] snapshot,
                List<Row> rows,
                @Nullable Damage damage) {
            this(roomId, head, anchor, snapshotSeq, snapshot, rows, damage, EndedLives.NONE, true);
        }

        /** Returns the same contents with the recently ended lives of the name. */
        public Contents after(EndedLives lives) {
            return new Contents(roomId, head, anchor, snapshotSeq, snapshot, rows, damage, lives, isMade);
        }

        /** Returns the same contents for a room to which clients have only connected. */
        public Contents unmade() {
            return new Contents(roomId, head, anchor, snapshotSeq, snapshot, rows, damage, ended, false);
        }

        /** Creates undamaged contents. */
        public Contents(
                long roomId, Head head, long anchor, long snapshotSeq, byte @Nullable [] snapshot, List<Row> rows) {
            this(roomId, head, anchor, snapshotSeq, snapshot, rows, null);
        }
    }

    /**
     * Stored data that differs from what was written.
     *
     * @param seq the seq of the damaged or missing row, or of the damaged snapshot
     * @param what a clause that names the damaged item and the damage
     */
    record Damage(long seq, String what) {}

    /**
     * The position of a batch in the log.
     *
     * @param seq the seq of its row
     * @param link the link of the attempt that wrote the row
     * @param before the link of the previous row, or {@link Link#UNKNOWN}
     */
    record Appended(long seq, long link, long before) {}

    /**
     * A new life of a name.
     *
     * @param ended the ids of the lives of the name that ended in the same transaction
     */
    record Begun(long roomId, List<Long> ended) {}

    /**
     * Reads the live room with a name. Fails with {@link RoomGone} if there is none and the name is held, and with
     * {@link RoomMissing} if there is none otherwise.
     */
    CompletionStage<Contents> find(String name);

    /**
     * A live room.
     *
     * @param seq the seq of its newest row; 0 if there is none
     * @param createdAt milliseconds since 1970
     */
    record Named(String name, long roomId, long seq, long createdAt) {}

    /**
     * Returns live rooms in the order of {@link NameRange#ORDER}, without those to which clients have only connected. Reads
     * an index, so the cost depends on {@code limit} and the number of ranges and not on the number of rooms.
     *
     * @param ranges in order, without overlaps
     * @param after only names after this one; empty for all
     */
    CompletionStage<List<Named>> names(List<NameRange> ranges, String after, int limit);

    /**
     * Reports the end of a load that {@link #open} or {@link #find} began.
     *
     * @param heap the bytes of heap that the room takes; 0 if it was not loaded
     */
    default void loaded(long roomId, long heap) {}

    /**
     * Creates a room with a first row, in one transaction, even while the name is held. A room to which clients have
     * only connected gets the row and keeps its id.
     *
     * @param replace whether a live room with this name is deleted in the same transaction; otherwise nothing is done
     *     if one exists
     * @param key stored in the same transaction, even if nothing else is done; null for none
     * @return the new life; empty if nothing was done, which never happens with {@code replace}. Fails with
     *     {@link Unavailable}, which says whether the outcome is known, with {@link Refused} if the key was used for
     *     the name before, and with any other exception if the outcome is unknown
     */
    CompletionStage<Optional<Begun>> init(String name, Entry first, boolean replace, @Nullable RequestKey key);

    /** As {@link #init(String, Entry, boolean, RequestKey)}, with an unknown author. */
    default CompletionStage<Optional<Begun>> init(
            String name, UUID batchId, long link, byte[] payload, boolean replace, @Nullable RequestKey key) {
        return init(name, new Entry(batchId, link, payload, null), replace, key);
    }

    /** As {@link #init(String, Entry, boolean, RequestKey)}, with an unknown author and without a key. */
    default CompletionStage<Optional<Begun>> init(
            String name, UUID batchId, long link, byte[] payload, boolean replace) {
        return init(name, batchId, link, payload, replace, null);
    }

    /**
     * Creates an empty room, even while the name is held; also turns a room to which clients have only connected into a
     * created one.
     *
     * @param key stored in the same transaction, even if a live room exists; null for none
     * @return the room id, or empty if a live room exists. Fails like {@link #init}
     */
    CompletionStage<Optional<Long>> create(String name, @Nullable RequestKey key);

    /** As {@link #create(String, RequestKey)}, without a key. */
    default CompletionStage<Optional<Long>> create(String name) {
        return create(name, null);
    }

    /**
     * Reads the live room with a name, and adds one for connecting clients if there is none. For back ends that room
     * exists only after its first content, {@link #init} or {@link #create}. Fails with {@link RoomGone} if there is
     * none and the name is held.
     */
    CompletionStage<Contents> open(String name);

    /**
     * Removes a room to which clients have only connected, unless it has content by now. A hint, whose failure changes
     * nothing.
     */
    default void forget(long roomId) {}

    /**
     * Returns the milliseconds for which a name is still held; 0 if it is not held or a room lives under it. While a
     * name is held after a deletion, only back ends can create a room under it.
     */
    CompletionStage<Long> heldMillis(String name);

    /**
     * Reads everything after {@code seq}: rows, or a snapshot and rows if the first rows were compacted away. Fails
     * with {@link RoomGone} or {@link RoomLost}.
     */
    CompletionStage<Contents> read(long roomId, long seq);

    /**
     * Appends a batch. Fails with {@link Refused} if the key was used for the room's name before, in any life. A
     * deleted room stores no key.
     *
     * @param again whether there was an earlier attempt with unknown outcome. Then a batch that is already in the log
     *     is not written again. An attempt that is executed after its successor writes a row that adds nothing
     * @param key null for none
     * @return the position of the batch; fails with {@link RoomGone}, {@link RoomLost}, {@link ClientIdsTakenException}, or
     *     any other exception if the outcome is unknown
     */
    CompletionStage<Appended> append(long roomId, Entry batch, boolean again, @Nullable RequestKey key);

    /**
     * Appends batches of several authors in one transaction, each as a row, in this order and without other rows
     * between them. None of them may have been appended before.
     *
     * @return the position of each batch; fails for all batches together, like the append of one
     */
    CompletionStage<List<Appended>> append(long roomId, List<Entry> batches);

    /** Appends a batch of an unknown author. */
    default CompletionStage<Appended> append(
            long roomId, UUID batchId, long link, byte[] payload, boolean again, @Nullable RequestKey key) {
        return append(roomId, new Entry(batchId, link, payload, null), again, key);
    }

    /** Appends a batch of an unknown author, without a key. */
    default CompletionStage<Appended> append(long roomId, UUID batchId, long link, byte[] payload, boolean again) {
        return append(roomId, batchId, link, payload, again, null);
    }

    /**
     * Stores the key of an edit that changes nothing, so that its repetition changes nothing either, whatever was
     * written in between. No row is written.
     *
     * @return the position of the room at that time: seq and link of its newest row, and {@link Link#UNKNOWN}; fails
     *     like {@link #append(long, Entry, boolean, RequestKey)}
     */
    CompletionStage<Appended> keep(long roomId, RequestKey key);

    /**
     * The introducers of client ids: for each client id the principal of the first row in the log that has content of
     * the client and a known author other than an import or Keck itself. They are kept when rows are folded and purged.
     *
     * @param by the id of the principal by client id; clients without an introducer are missing
     * @param seq the seq of the last row considered
     */
    record Introductions(Map<Long, String> by, long seq) {}

    /**
     * Returns the introducers of the client ids of a room, up to its newest row.
     *
     * @param after a seq; introductions up to that row may be left out
     */
    CompletionStage<Introductions> introductions(long roomId, long after);

    /** Whether other nodes may write to this log. */
    boolean isShared();

    /** Returns the heads of rooms; rooms unknown to the log are left out. */
    CompletionStage<Map<Long, Head>> heads(Collection<Long> roomIds);

    /**
     * Deletes the live room with a name; returns the id of the ended life, or empty if there is none.
     *
     * @param key stored in the same transaction, even if there is no room; null for none. The stage fails with
     *     {@link Refused} if it was used for the name before
     */
    CompletionStage<Optional<Long>> delete(String name, @Nullable RequestKey key);

    /** As {@link #delete(String, RequestKey)}, without a key. */
    default CompletionStage<Optional<Long>> delete(String name) {
        return delete(name, null);
    }
}
