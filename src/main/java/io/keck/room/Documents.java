package io.keck.room;

import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The documents of rooms as back ends read and edit them. Thread-safe.
 *
 * <p>Stages fail with {@link RoomMissingException} where there is no such room, {@link UnavailableException} where the
 * database does not answer, {@link QuarantinedException} for an edit of a room whose stored state is damaged,
 * {@link TooLargeException} for one that would make a document larger than it may be, and with whatever the given function throws, which then has changed nothing. They are
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
     * Reads a document.
     *
     * @param local whether the replica of this node will do as it is; else everything that was committed before is in it
     * @param reader called once, on one thread at a time for each document; must neither change nor keep it
     */
    <T extends @Nullable Object> CompletionStage<Answer<T>> read(String room, boolean local, Function<Doc, T> reader);

    /**
     * Edits a document; completes when that is committed.
     *
     * @param key if a request of this key was carried out before under this name (within the retention, in whichever life),
     *     this one is not, and {@code afterwards} answers from the document as it is; unless it was another request: then the
     *     stage fails with {@link KeyTakenException}. An edit that throws leaves no key behind
     * @param edit called on a fork that is thrown away if it throws or cannot be committed; must not keep it. It may change
     *     nothing, then nothing is committed but its key. Called again, on the next life of the room, where the first life
     *     has certainly ended without it
     * @param afterwards makes the answer: called once, after the edit, on a document that has it. If it throws, the stage
     *     fails with {@link UnavailableException} and an unknown outcome, since the edit is committed by then
     */
    <T extends @Nullable Object> CompletionStage<Answer<T>> write(
            String room, @Nullable RequestKey key, java.util.function.Consumer<Doc> edit, Function<Doc, T> afterwards);

    /** The client id under which this node would write the next edit that has no key; may be another one a moment later. */
    CompletionStage<Answer<Long>> client(String room);

    /**
     * Makes a room where there is none of that name, though the name is held, and reads it, new or not.
     *
     * @param key as that of {@link #write}: a repeat makes no room, so it fails with {@link RoomMissingException} where the
     *     room was deleted since
     * @param reader as that of {@link #read}; on an empty document where the room was made
     */
    <T extends @Nullable Object> CompletionStage<Answer<T>> create(
            String room, @Nullable RequestKey key, Function<Doc, T> reader);

    /** The same without a key. */
    default <T extends @Nullable Object> CompletionStage<Answer<T>> create(String room, Function<Doc, T> reader) {
        return create(room, null, reader);
    }

    /**
     * Makes a room with that content, though the name is held.
     *
     * @param replace whether a room that is there already is deleted in the same transaction; else nothing is done then
     * @param key as that of {@link #write}: a repeat writes nothing, and answers with the whole document as it is then, or
     *     fails with {@link RoomMissingException} where the room was deleted since
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
     * @param key as that of {@link #write}: a repeat deletes nothing and answers false
     */
    CompletionStage<Boolean> delete(String room, @Nullable RequestKey key);

    /** The same without a key. */
    default CompletionStage<Boolean> delete(String room) {
        return delete(room, null);
    }

    /** There is no room of that name. */
    final class RoomMissingException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public RoomMissingException(String room) {
            super("no room " + room, null, false, false);
        }
    }

    /** A room of that name may not be made, though one that is there may be used. Nothing is changed. */
    final class NameRefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param problem what is wrong with the name, as a sentence */
        public NameRefusedException(String problem) {
            super(problem, null, false, false);
        }
    }

    /** The key of a request came with another request before. Nothing is changed. */
    final class KeyTakenException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public KeyTakenException(String room) {
            super("the key was used for another request to room " + room, null, false, false);
        }
    }

    /** What is stored of the room is damaged: it can be read, and not written until an operator has repaired it. */
    final class QuarantinedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param damage what is wrong with what */
        public QuarantinedException(UpdateLog.Damage damage) {
            super(damage.what(), null, false, false);
        }
    }

    /** What is stored of the document is more than this node can load. Nothing was tried. */
    final class TooLargeHereException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public TooLargeHereException() {
            super(
                    "The document is too large for this node. Give the node a larger heap, or replace the document.",
                    null,
                    false,
                    false);
        }
    }

    /** The document has reached a limit, so nothing that makes it larger is taken. Nothing is changed. */
    final class TooLargeException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param sentence which limit, and what is taken */
        public TooLargeException(String sentence) {
            super(sentence, null, false, false);
        }
    }

    /** The content takes too many steps to put in order. Nothing is changed; connections to the room are not affected. */
    final class TooCostlyException extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final long retryMillis;

        /** @param retryMillis after which the document is tried again */
        public TooCostlyException(long retryMillis) {
            super("The content of the document takes too many steps to put in order.", null, false, false);
            this.retryMillis = retryMillis;
        }

        /** Milliseconds after which the document is tried again. */
        public long retryMillis() {
            return retryMillis;
        }
    }

    /** The database does not answer, or the node is full or going down. */
    final class UnavailableException extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final boolean unknown;

        /** @param unknown whether the edit may have been committed all the same */
        public UnavailableException(String message, boolean unknown) {
            super(message, null, false, false);
            this.unknown = unknown;
        }

        /** Whether the edit may have been committed all the same; else it was not, and never will be. */
        public boolean isOutcomeUnknown() {
            return unknown;
        }
    }
}
