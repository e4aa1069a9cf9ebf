package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import io.keck.failure.Refused;
import io.keck.failure.RoomDamaged;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooLarge;
import io.keck.failure.Unavailable;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The documents of rooms as back ends read and edit them. Thread-safe.
 *
 * <p>Stages fail with {@link RoomMissing} where there is no such room, {@link Unavailable} where the
 * database does not answer, {@link RoomDamaged} for an edit of a room whose stored state is damaged,
 * {@link TooLarge} for one that would make a document larger than it may be, and with whatever the given function throws, which then has changed nothing. They are
 * completed on threads that must not be held up.
 */
public interface Documents {
    /**
     * What came of it, and where the room was then.
     *
     * @param seq the position in the log of the room of this id
     * @param stale whether the database could not be asked, so that what others committed may be missing
     */
    record Answer<T extends @Nullable Object>(T value, long roomId, long seq, boolean stale) {}

    /**
     * Reads a document in parts. One that takes more steps than a document may is refused with {@link
     * io.keck.failure.TooCostly}, and so is the document from then on, for a while.
     *
     * @param local whether the replica of this node will do as it is; else everything that was committed before is in it
     * @param reader called once, on one thread at a time for each document; must neither change nor keep it
     */
    <T extends @Nullable Object> CompletionStage<Answer<T>> readInParts(
            String room, boolean local, Function<Doc, Reading<T>> reader);

    /** Reads what is small, or what is the same however large the document is: in one part. */
    default <T extends @Nullable Object> CompletionStage<Answer<T>> read(
            String room, boolean local, Function<Doc, T> reader) {
        return readInParts(room, local, doc -> Reading.of(reader.apply(doc)));
    }

    /**
     * Edits a document; completes when that is committed.
     *
     * @param key if a request of this key was carried out before under this name (within the retention, in whichever life),
     *     this one is not, and {@code afterwards} answers from the document as it is; unless it was another request: then the
     *     stage fails with {@link Refused}. An edit that throws leaves no key behind
     * @param edit called on a fork that is thrown away if it throws or cannot be committed; must not keep it. It may change
     *     nothing, then nothing is committed but its key. Called again, on the next life of the room, where the first life
     *     has certainly ended without it
     * @param afterwards makes the answer: called once, after the edit, on a document that has it. If it throws, the stage
     *     fails with {@link Unavailable} and an unknown outcome, since the edit is committed by then
     */
    <T extends @Nullable Object> CompletionStage<Answer<T>> writeInParts(
            String room, @Nullable RequestKey key, Consumer<Doc> edit, Function<Doc, Reading<T>> afterwards);

    /** The same with an answer in one part. */
    default <T extends @Nullable Object> CompletionStage<Answer<T>> write(
            String room, @Nullable RequestKey key, Consumer<Doc> edit, Function<Doc, T> afterwards) {
        return writeInParts(room, key, edit, doc -> Reading.of(afterwards.apply(doc)));
    }

    /** The same documents; what is written by this view of them is this author's. Without one, nobody knows whose it is. */
    Documents by(Author author);

    /** The client id under which this node would write the next edit that has no key; may be another one a moment later. */
    CompletionStage<Answer<Long>> client(String room);

    /**
     * Makes a room where there is none of that name, though the name is held, and reads it, new or not.
     *
     * @param key as that of {@link #writeInParts}: a repeat makes no room, so it fails with {@link RoomMissing} where the
     *     room was deleted since
     * @param reader as that of {@link #readInParts}; on an empty document where the room was made
     */
    <T extends @Nullable Object> CompletionStage<Answer<T>> createInParts(
            String room, @Nullable RequestKey key, Function<Doc, Reading<T>> reader);

    /** The same in one part. */
    default <T extends @Nullable Object> CompletionStage<Answer<T>> create(
            String room, @Nullable RequestKey key, Function<Doc, T> reader) {
        return createInParts(room, key, doc -> Reading.of(reader.apply(doc)));
    }

    /** The same without a key. */
    default <T extends @Nullable Object> CompletionStage<Answer<T>> create(String room, Function<Doc, T> reader) {
        return create(room, null, reader);
    }

    /**
     * Makes a room with that content, though the name is held.
     *
     * @param replace whether a room that is there already is deleted in the same transaction; else nothing is done then
     * @param key as that of {@link #writeInParts}: a repeat writes nothing, and answers with the whole document as it is then, or
     *     fails with {@link RoomMissing} where the room was deleted since
     * @return the whole document as it was written, in V1; empty where nothing was done, now or by the first request of the
     *     key, which is never so with {@code replace}
     */
    CompletionStage<Optional<Answer<byte[]>>> init(
            String room, Update content, boolean replace, @Nullable RequestKey key);

    /** The same without a key. */
    default CompletionStage<Optional<Answer<byte[]>>> init(String room, Update content, boolean replace) {
        return init(room, content, replace, null);
    }

    /** The whole committed document in V1, everything that was committed before included. */
    CompletionStage<Answer<byte[]>> export(String room);

    /**
     * Deletes a room on all nodes; whether there was one.
     *
     * @param key as that of {@link #writeInParts}: a repeat deletes nothing and answers false
     */
    CompletionStage<Boolean> delete(String room, @Nullable RequestKey key);

    /** The same without a key. */
    default CompletionStage<Boolean> delete(String room) {
        return delete(room, null);
    }
}
