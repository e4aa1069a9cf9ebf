package io.keck.room;

import io.keck.access.Allowance;
import io.keck.access.Grant;
import io.keck.access.NameRange;
import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.Forbidden;
import io.keck.failure.OtherLife;
import io.keck.failure.Refused;
import io.keck.failure.RoomDamaged;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooLarge;
import io.keck.failure.Unavailable;
import io.keck.protocol.AwarenessState;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads and edits the documents of rooms on behalf of back ends. Thread-safe.
 *
 * <p>Every call takes the grant of its caller, which names the document and the author of what is written and must
 * contain the right that the call needs: read, write, create, replace or delete. Otherwise the stage fails with
 * {@link Forbidden}, and nothing is done.
 *
 * <p>Stages fail with {@link RoomMissing} if no such room exists, {@link Unavailable} if the database does not answer,
 * {@link RoomDamaged} for an edit of a room with damaged stored data, {@link TooLarge} for an edit that would exceed a
 * limit of the document, and with any exception of the given function, which then has changed nothing. Stages complete
 * on threads that must not be blocked.
 */
public interface Documents {
    /** The epoch of a caller that accepts any life of a name. */
    long ANY_LIFE = 0;

    /**
     * A result, and the position of the room at that time.
     *
     * @param seq the position in the log of the room
     * @param stale whether the database did not answer, so that commits of other nodes may be missing
     */
    record Answer<T extends @Nullable Object>(T value, long roomId, long seq, boolean stale) {}

    /**
     * Reads a document in parts. A reading that takes too many steps fails with {@link io.keck.failure.TooCostly}, and
     * so do later calls for this document for a while.
     *
     * @param local whether the current replica of this node suffices; otherwise the reading sees everything that was
     *     committed before the call
     * @param reader called once, on one thread at a time per document; must neither change nor keep the document
     */
    <T extends @Nullable Object> CompletionStage<Answer<T>> readInParts(
            Grant grant, boolean local, Function<Doc, Reading<T>> reader);

    /** Reads in one part; for results whose cost does not depend on the size of the document. */
    default <T extends @Nullable Object> CompletionStage<Answer<T>> read(
            Grant grant, boolean local, Function<Doc, T> reader) {
        return readInParts(grant, local, doc -> Reading.of(reader.apply(doc)));
    }

    /**
     * Edits a document; completes when the edit is committed.
     *
     * @param key if a request with this key was carried out under this name before (within the retention, in any life),
     *     this one is not carried out, and {@code afterwards} answers from the current document; if that was a
     *     different request, the stage fails with {@link Refused}. An edit that throws stores no key
     * @param edit called on a fork that is discarded if the edit throws or cannot be committed; must not keep the fork.
     *     If it changes nothing, only its key is committed. It is called again on the next life of the room if the
     *     first life certainly ended without it
     * @param afterwards makes the answer: called once, on a document that contains the edit. If it throws, the stage
     *     fails with {@link Unavailable} and an unknown outcome, because the edit is committed by then
     */
    <T extends @Nullable Object> CompletionStage<Answer<T>> writeInParts(
            Grant grant, @Nullable RequestKey key, Consumer<Doc> edit, Function<Doc, Reading<T>> afterwards);

    /** As {@link #writeInParts}, with an answer in one part. */
    default <T extends @Nullable Object> CompletionStage<Answer<T>> write(
            Grant grant, @Nullable RequestKey key, Consumer<Doc> edit, Function<Doc, T> afterwards) {
        return writeInParts(grant, key, edit, doc -> Reading.of(afterwards.apply(doc)));
    }

    /** Returns the updates that strict authorship holds; null if this node has no store for them. */
    default @Nullable HeldContent held() {
        return null;
    }

    /**
     * Returns the client id under which this node would write the next edit without a key; it may change at any time.
     */
    CompletionStage<Answer<Long>> client(Grant grant);

    /**
     * Creates a room if the name has none, even while the name is held, and reads the new or existing room.
     *
     * @param key as for {@link #writeInParts}: a repeat creates no room, so it fails with {@link RoomMissing} if the
     *     room was deleted since
     * @param reader as for {@link #readInParts}; called on an empty document if the room was created
     */
    <T extends @Nullable Object> CompletionStage<Answer<T>> createInParts(
            Grant grant, @Nullable RequestKey key, Function<Doc, Reading<T>> reader);

    /** As {@link #createInParts}, with an answer in one part. */
    default <T extends @Nullable Object> CompletionStage<Answer<T>> create(
            Grant grant, @Nullable RequestKey key, Function<Doc, T> reader) {
        return createInParts(grant, key, doc -> Reading.of(reader.apply(doc)));
    }

    /** As {@link #createInParts}, with an answer in one part and without a key. */
    default <T extends @Nullable Object> CompletionStage<Answer<T>> create(Grant grant, Function<Doc, T> reader) {
        return create(grant, null, reader);
    }

    /**
     * Creates a room with content, even while the name is held.
     *
     * @param replace whether an existing room is deleted in the same transaction; otherwise nothing is done if one
     *     exists
     * @param key as for {@link #writeInParts}: a repeat writes nothing and answers with the current document, or fails
     *     with {@link RoomMissing} if the room was deleted since
     * @return the whole document as it was written, in V1; empty if nothing was done, now or by the first request with
     *     the key, which never happens with {@code replace}
     */
    CompletionStage<Optional<Answer<byte[]>>> init(
            Grant grant, Update content, boolean replace, @Nullable RequestKey key);

    /** As {@link #init(Grant, Update, boolean, RequestKey)}, without a key. */
    default CompletionStage<Optional<Answer<byte[]>>> init(Grant grant, Update content, boolean replace) {
        return init(grant, content, replace, null);
    }

    /**
     * Merges an update into a document as if a client had sent it, under the same rules and limits; completes when all
     * of it is committed. A caller that gives up may complete the future; the outcome of the update is then unknown.
     *
     * @param epoch the room id of the life for which the update is; in another life it fails with {@link OtherLife}.
     *     {@link #ANY_LIFE} for any
     * @param key as for {@link #writeInParts}, except that a repeat in the life of the first request is carried out
     *     again, which changes nothing. In another life of the name it is not
     * @param allowance the remaining allowance of the caller's grant
     * @return false if a part of the update was not applied, because it deletes content that the document lacks or has other
     *     content under ids that the document has
     */
    CompletableFuture<Answer<Boolean>> update(
            Grant grant, Update update, Allowance allowance, long epoch, @Nullable RequestKey key);

    /** As {@link #update(Grant, Update, Allowance, long, RequestKey)}, for any life and without a key. */
    default CompletableFuture<Answer<Boolean>> update(Grant grant, Update update, Allowance allowance) {
        return update(grant, update, allowance, ANY_LIFE, null);
    }

    /**
     * Sends a message to the applications of all clients that are connected to a document, on every node, as far as their
     * protocols have a word for it. Completes when it is on its way; a client that is not connected then, reads too slowly or is
     * on a node that the bus does not reach misses it. Needs the right {@code messages}.
     *
     * @throws IllegalArgumentException if the text is longer than {@link io.keck.protocol.Message#MAX_TEXT}
     */
    CompletionStage<Answer<Boolean>> broadcast(Grant grant, String text);

    /** Completes if a document of that name exists, without reading its content. */
    CompletionStage<Answer<Boolean>> find(Grant grant);

    /**
     * Returns the awareness states of the clients of a document, as far as this node knows them: other nodes tell those of
     * their clients when this node opens the document, and at each change.
     */
    CompletionStage<Answer<List<AwarenessState>>> presence(Grant grant);

    /**
     * A page of documents.
     *
     * @param next the name after which the next page begins; null after the last page
     */
    record Names(List<UpdateLog.Named> documents, @Nullable String next) {}

    /**
     * Lists the documents that a caller may read, in the order of {@link NameRange#ORDER}.
     *
     * @param grant of the caller, for no document in particular: its rules decide about each name
     * @param after only names after this one; empty for all
     */
    CompletionStage<Names> list(Grant grant, String prefix, String after, int limit);

    /**
     * Exports everything that was committed before. Fails with {@link RoomDamaged} if stored data is damaged: an export is
     * complete or fails.
     *
     * @param exports the threads that run the export; nothing else happens in the room until it is done
     * @param writer called once; must neither change nor keep the store. It may wait for a disk
     */
    <T extends @Nullable Object> CompletionStage<Answer<T>> export(
            Grant grant, Exports exports, Function<StructStore, T> writer);

    /**
     * Deletes a room on all nodes; returns whether it existed.
     *
     * @param key as for {@link #writeInParts}: a repeat deletes nothing and returns false
     */
    CompletionStage<Boolean> delete(Grant grant, @Nullable RequestKey key);

    /** As {@link #delete(Grant, RequestKey)}, without a key. */
    default CompletionStage<Boolean> delete(Grant grant) {
        return delete(grant, null);
    }
}
