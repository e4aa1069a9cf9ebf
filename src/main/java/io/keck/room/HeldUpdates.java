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
     * What is kept at most. Immutable.
     *
     * @param perDocument bytes of one document
     * @param perPrincipal bytes that one principal has brought, in all documents
     * @param total bytes of all documents
     * @param keepMillis milliseconds after its last change for which an entry is kept
     */
    record Limits(long perDocument, long perPrincipal, long total, long keepMillis) {
        /** The defaults of {@code config.yml}. */
        public static final Limits DEFAULT = new Limits(4 << 20, 16 << 20, 1 << 30, 30L * 24 * 3_600_000);
    }

    /** What became of an entry. */
    enum State {
        /** It waits. */
        HELD("held"),
        /** Somebody has taken it in. */
        TAKEN("taken"),
        /** Somebody has dropped it. */
        DROPPED("dropped"),
        /** Its content is in the document without a decision: who owns the client ids has brought it, or what it needed came. */
        ARRIVED("arrived");

        private final String text;

        State(String text) {
            this.text = text;
        }

        /** As the database and answers have it. */
        public String text() {
            return text;
        }

        /** The state of that name; a later release's is empty. */
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
     * What one author has brought.
     *
     * @param author who brought it
     * @param owner the principal that owns the client ids; the author's own where it only needs content that is missing
     * @param payload a V1 update; empty once it is decided
     * @param createdAt when the first of it came, in milliseconds since 1970 by the database's clock
     * @param changedAt when the last of it came
     * @param decidedBy a principal; empty until then
     * @param decidedAt 0 until then
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
     * Keeps an update in the entry of its author and owner. What the entry has already takes no room.
     *
     * @return false where a limit does not allow it: nothing of it is kept then. Fails where the database does not answer
     */
    CompletionStage<Boolean> keep(long roomId, Author author, String owner, byte[] update);

    /** The entries of a room, decided ones included, the oldest first. */
    CompletionStage<List<Entry>> ofRoom(long roomId);

    /** One entry of a room. */
    CompletionStage<Optional<Entry>> find(long roomId, long id);

    /**
     * The document has an update now: takes it out of an entry, which is decided when nothing of it is left.
     *
     * @param state what the entry is then
     * @param by who decided
     * @return the entry as it is now; empty where there is none
     */
    CompletionStage<Optional<Entry>> settle(long roomId, long id, byte[] update, State state, String by);

    /**
     * Drops an entry that waits.
     *
     * @return the entry as it is now, which may have been decided before; empty where there is none
     */
    CompletionStage<Optional<Entry>> drop(long roomId, long id, String by);

    /** The rooms that have an entry which waits. */
    CompletionStage<Set<Long>> rooms();
}
