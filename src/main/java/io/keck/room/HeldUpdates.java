package io.keck.room;

import io.keck.access.Author;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Stores the updates that strict authorship has not applied, until their owner or an administrator decides, or they expire.
 * Bounded per document, per sender and in all. Thread-safe.
 *
 * <p>All updates of one author under the client ids of one owner form one entry, which grows. A decided entry stays for a while
 * without its content, so that a repeated decision gets the same answer.
 */
public interface HeldUpdates {
    /**
     * The bounds of stored updates. Immutable.
     *
     * @param perDocument bytes for one document
     * @param perPrincipal bytes of one principal in all documents
     * @param total bytes for all documents
     * @param keepMillis milliseconds after its last change for which an entry is kept
     */
    record Limits(long perDocument, long perPrincipal, long total, long keepMillis) {
        /** The defaults of {@code config.yml}. */
        public static final Limits DEFAULT = new Limits(4 << 20, 16 << 20, 1 << 30, 30L * 24 * 3_600_000);
    }

    /** The state of an entry. */
    enum State {
        /** It is not decided. */
        HELD("held"),
        /** It was taken in by a decision. */
        TAKEN("taken"),
        /** It was dropped by a decision. */
        DROPPED("dropped"),
        /** Its content reached the document without a decision: the owner of the client ids sent it, or its requirements arrived. */
        ARRIVED("arrived");

        private final String text;

        State(String text) {
            this.text = text;
        }

        /** Returns the name in the database and in answers. */
        public String text() {
            return text;
        }

        /** Returns the state with a name; empty for one that a later release has added. */
        public static Optional<State> named(String text) {
            for (State state : values()) {
                if (state.text.equals(text)) {
                    return Optional.of(state);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * The held updates of one author under the client ids of one owner.
     *
     * @param author the author
     * @param owner the principal that owns the client ids; the author's own if the updates only need missing content
     * @param payload a V1 update; empty after the decision
     * @param createdAt when the first update arrived, in milliseconds since 1970 by the database's clock
     * @param changedAt when the last update arrived
     * @param decidedBy the deciding principal; empty before the decision
     * @param decidedAt when it was decided; 0 before the decision
     */
    record Entry(
            long id,
            long roomId,
            Author author,
            String owner,
            byte[] payload,
            State state,
            long createdAt,
            long changedAt,
            String decidedBy,
            long decidedAt) {}

    /**
     * Keeps an update in the entry of its author and owner. Content that the entry has already takes no space.
     *
     * @return false if a limit prevents it; then nothing of it is kept. Fails if the database does not answer
     */
    CompletionStage<Boolean> keep(long roomId, Author author, String owner, byte[] update);

    /** Returns the entries of a room, including decided ones, oldest first. */
    CompletionStage<List<Entry>> ofRoom(long roomId);

    /** Returns one entry of a room. */
    CompletionStage<Optional<Entry>> find(long roomId, long id);

    /**
     * Takes an update that the document now has out of an entry. The entry is decided when nothing of it is left.
     *
     * @param state the state of the entry when nothing of it is left
     * @param by the deciding principal
     * @return the entry afterwards; empty if there is no such entry
     */
    CompletionStage<Optional<Entry>> settle(long roomId, long id, byte[] update, State state, String by);

    /**
     * Drops an entry that is not decided.
     *
     * @return the entry afterwards, which may have been decided before; empty if there is no such entry
     */
    CompletionStage<Optional<Entry>> drop(long roomId, long id, String by);

    /** Returns the rooms with entries that are not decided. */
    CompletionStage<Set<Long>> rooms();
}
