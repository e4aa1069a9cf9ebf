package io.keck.history;

import io.keck.failure.HistoryGone;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.Unavailable;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The versions of documents: rows that somebody has named or that Keck has noted by itself. What is needed to read the
 * document at a version is kept as long as the version. Implementations are thread-safe; calls wait for the database and
 * throw {@link Unavailable} if it does not answer.
 */
public interface DocumentVersions {
    /** The longest label, in UTF-16 units. */
    int MAX_LABEL = 200;

    /**
     * A version.
     *
     * @param id of the version, above 0
     * @param seq the row of the log after which the document is in this version
     * @param label empty for none; two versions of a room never have the same
     * @param isPinned whether it stays until somebody deletes it; a version that is not goes with the history around it
     * @param isAutomatic whether Keck has noted it by itself
     * @param by the principal that made it; {@code system} for Keck
     * @param at when it was made, in milliseconds since 1970
     */
    record Version(long id, long seq, String label, boolean isPinned, boolean isAutomatic, String by, long at) {}

    /**
     * What is wanted.
     *
     * @param seq a row that is kept
     * @param label at most {@link #MAX_LABEL} characters; empty for none
     */
    record Wanted(long seq, String label, boolean isPinned, boolean isAutomatic, String by) {}

    /** Why a version was not made. */
    enum Refusal {
        /** Another version of the room has the label. */
        LABEL_TAKEN,
        /** The room has as many versions of this kind as it may have. */
        TOO_MANY
    }

    /**
     * The outcome of {@link #create}.
     *
     * @param version what was made, or null
     * @param refusal why nothing was made, or null
     */
    record Created(@Nullable Version version, @Nullable Refusal refusal) {}

    /**
     * Makes a version. An automatic version that is one too many takes the place of the oldest automatic one that is not
     * pinned.
     *
     * @throws HistoryGone if the row is not kept any more, or not written yet
     * @throws RoomGone if the room was deleted
     * @throws RoomLost if there is no such room
     */
    Created create(long roomId, Wanted wanted);

    /**
     * Lists versions, those of the newest rows first.
     *
     * @param before the version after which the list goes on, or null for the newest
     * @param limit the largest number of versions
     */
    List<Version> list(long roomId, @Nullable Version before, int limit);

    /** Finds the version with an id. */
    Optional<Version> find(long roomId, long id);

    /** Finds the version with a label, which must not be empty. */
    Optional<Version> labelled(long roomId, String label);

    /** Sets whether a version is pinned; false if there is no such version. */
    boolean pin(long roomId, long id, boolean isPinned);

    /** Deletes a version; false if there is none with that id. The history around it is not touched. */
    boolean delete(long roomId, long id);
}
