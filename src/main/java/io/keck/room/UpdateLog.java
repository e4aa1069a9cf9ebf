package io.keck.room;

import io.keck.access.Author;
import io.keck.failure.Refused;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where the updates of all rooms become durable: per room a sequence without gaps, to which several nodes append.
 * Implementations are thread-safe.
 *
 * <p>The weakest promise: a stage that completed normally from {@link #append} means that the batch is committed in the
 * database. A stage that completed exceptionally means nothing at all: the batch may be committed or not, and is to be
 * appended again <em>with the same id</em> until the answer is known. Stages complete on any thread.
 *
 * <p>A log can go back: a database is restored from a backup, or a standby takes over that had not got everything. It
 * cannot do so unseen: each attempt to write a row draws a random number, its link, and what tells of a row tells of the
 * link of the row before it. Who has row n with the same link has the same rows up to n.
 */
public interface UpdateLog {
    /**
     * A batch on its way into the log.
     *
     * @param batchId random, the same for each attempt
     * @param link random and positive, another for each attempt
     * @param payload a V1 update; not changed by anyone afterwards
     * @param author of all of it; null where nobody knows
     */
    record Entry(
            UUID batchId,
            long link,
            byte[] payload,
            @Nullable Author author) {}

    /** One batch in the log. */
    record Row(long seq, UUID batchId, long link, byte[] payload) {}

    /**
     * How far a room is in the log.
     *
     * @param seq that of its newest row; 0 while it has none
     * @param link of that row, or {@link Link#NONE}
     * @param deleted whether the room was deleted
     */
    record Head(long seq, long link, boolean deleted) {}

    /**
     * A room as the log has it, at one moment.
     *
     * @param roomId never used again for another life of the name
     * @param head of the log at that moment
     * @param anchor the link of the row after which was read; {@link Link#UNKNOWN} when it is not there
     * @param snapshotSeq the seq up to which the snapshot counts; 0 when there is none
     * @param snapshot a V1 update, or null when there is none or none is needed
     * @param rows after the snapshot, or after the seq that was asked for, without a gap, in order of their seq; where
     *     something is damaged, only those before it
     * @param damage the first thing that is not as it was written, or null
     * @param ended the lives of the name that ended a moment ago; told where the room was asked for by name
     * @param isMade false for a room that clients have only connected to: nothing was ever committed in it, and no back
     *     end has made it
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
        /** Contents that were asked for by id. */
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

        /** The same, with the lives of the name that ended a moment ago. */
        public Contents after(EndedLives lives) {
            return new Contents(roomId, head, anchor, snapshotSeq, snapshot, rows, damage, lives, isMade);
        }

        /** The same of a room that clients have only connected to. */
        public Contents unmade() {
            return new Contents(roomId, head, anchor, snapshotSeq, snapshot, rows, damage, ended, false);
        }

        /** Contents that are as they were written. */
        public Contents(
                long roomId, Head head, long anchor, long snapshotSeq, byte @Nullable [] snapshot, List<Row> rows) {
            this(roomId, head, anchor, snapshotSeq, snapshot, rows, null);
        }
    }

    /**
     * Something in the log that is not as it was written.
     *
     * @param seq of the row that is damaged or missing, or that of a damaged snapshot
     * @param what a clause: what is wrong with what
     */
    record Damage(long seq, String what) {}

    /**
     * Where a batch is in the log.
     *
     * @param seq its own
     * @param link that of the attempt that wrote it
     * @param before the link of the row before it, or {@link Link#UNKNOWN}
     */
    record Appended(long seq, long link, long before) {}

    /**
     * A life that has begun.
     *
     * @param ended the ids of the lives of the name that ended in the same transaction
     */
    record Begun(long roomId, List<Long> ended) {}

    /**
     * Reads the live room of that name. Fails with {@link RoomMissing} where there is none, and with {@link
     * RoomGone} where there is none and the name is held.
     */
    CompletionStage<Contents> find(String name);

    /**
     * A load that {@link #open} or {@link #find} began has ended.
     *
     * @param heap bytes that the room takes now; 0 where it was not loaded after all
     */
    default void loaded(long roomId, long heap) {}

    /**
     * Makes a room of that name with a first row, in one transaction, though the name is held. A room that clients have only
     * connected to is made by that: it gets the row and keeps its id.
     *
     * @param replace whether a live room of that name is deleted in the same transaction; else nothing is done then
     * @param key kept in the same transaction, also where nothing is done; null for none
     * @return the new life, or empty when nothing was done, which it never is with {@code replace}. Fails with {@link
     *     Unavailable} where it tells what is known of the outcome, with {@link Refused} where
     *     the name has seen the key before, and with anything else when the outcome is unknown
     */
    CompletionStage<Optional<Begun>> init(String name, Entry first, boolean replace, @Nullable RequestKey key);

    /** The same of an unknown author. */
    default CompletionStage<Optional<Begun>> init(
            String name, UUID batchId, long link, byte[] payload, boolean replace, @Nullable RequestKey key) {
        return init(name, new Entry(batchId, link, payload, null), replace, key);
    }

    /** The same of an unknown author, without a key. */
    default CompletionStage<Optional<Begun>> init(
            String name, UUID batchId, long link, byte[] payload, boolean replace) {
        return init(name, batchId, link, payload, replace, null);
    }

    /**
     * Makes an empty room of that name, though the name is held; also of one that clients have only connected to.
     *
     * @param key kept in the same transaction, also where there is a live one; null for none
     * @return its id, or empty where there is a live one. Fails as {@link #init} does
     */
    CompletionStage<Optional<Long>> create(String name, @Nullable RequestKey key);

    /** The same without a key. */
    default CompletionStage<Optional<Long>> create(String name) {
        return create(name, null);
    }

    /**
     * Reads the live room of that name, and creates one where there is none, for clients to meet in: it is made by its
     * first content, or by {@link #init} or {@link #create}. Fails with {@link RoomGone} where there is none and
     * the name is held.
     */
    CompletionStage<Contents> open(String name);

    /** Removes a room that was never made; does nothing where it was made meanwhile. A hint, whose failure changes nothing. */
    default void forget(long roomId) {}

    /**
     * The milliseconds for which a name stays held. While a name is held after a deletion, only a back end can create a room
     * of it. 0 where the name is not held, or a room lives under it.
     */
    CompletionStage<Long> heldMillis(String name);

    /**
     * Everything after {@code seq}: rows, or a snapshot and rows where the first of them were compacted away. Fails with
     * {@link RoomGone} or {@link RoomLost}.
     */
    CompletionStage<Contents> read(long roomId, long seq);

    /**
     * Appends a batch, unless the name of the room has seen the key before, in this life of it or an earlier one: then it
     * fails with {@link Refused}. A room that is gone takes no key.
     *
     * @param again whether there was an attempt before, of which nobody knows how it ended. Then a batch that is already
     *     there is not written again. An attempt that is carried out after its successor writes a row that adds nothing
     * @param key null for none
     * @return where it is; fails with {@link RoomGone}, {@link RoomLost}, or anything else where
     *     the outcome is unknown
     */
    CompletionStage<Appended> append(long roomId, Entry batch, boolean again, @Nullable RequestKey key);

    /**
     * Appends batches of several authors in one transaction, each as a row, in this order and with no row between them. None
     * of them was handed over before.
     *
     * @return where each of them is; fails as the other does, for all of them together
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
     * Remembers the key of an edit that changes nothing, so that its repeat changes nothing either, whatever was written
     * between the two. No row is written.
     *
     * @return how far the room was then: the seq and the link of its newest row, and {@link Link#UNKNOWN}; fails as {@link
     *     #append(long, Entry, boolean, RequestKey)} does
     */
    CompletionStage<Appended> keep(long roomId, RequestKey key);

    /**
     * Who introduced client ids: the principal of the first row, in the order of the log, that has content of the client id and
     * a known author who is no import and not Keck itself. Rows are folded and purged, this stays.
     *
     * @param by client id, the id of the principal; one that nobody introduced is missing
     * @param seq of the last row that is in it
     */
    record Introductions(Map<Long, String> by, long seq) {}

    /**
     * Who introduced the client ids of a room, up to its newest row.
     *
     * @param after may leave out what was introduced up to that row
     */
    CompletionStage<Introductions> introductions(long roomId, long after);

    /** Whether anyone but this node may write to it. */
    boolean isShared();

    /** How far these rooms are; one that the log does not know is missing in the answer. */
    CompletionStage<Map<Long, Head>> heads(Collection<Long> roomIds);

    /**
     * Deletes the live room of that name; the id of the life that ended so, or empty when there is none.
     *
     * @param key kept in the same transaction, also where there is no room; null for none. The stage fails with {@link
     *     Refused} where the name has seen it before
     */
    CompletionStage<Optional<Long>> delete(String name, @Nullable RequestKey key);

    /** The same without a key. */
    default CompletionStage<Optional<Long>> delete(String name) {
        return delete(name, null);
    }
}
