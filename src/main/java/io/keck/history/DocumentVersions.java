package io.keck.history;

import io.keck.failure.HistoryGone;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.failure.Unavailable;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The versions of documents. A version marks a row of a document's log, at the request of a user or automatically; the
 * history that is needed to read the document at that row is kept as long as the version exists. Implementations are
 * thread-safe; calls wait for the database and throw {@link Unavailable} if it does not answer.
 */
public interface DocumentVersions {
    /** The longest label, in UTF-16 units. */
    int MAX_LABEL = 200;

    /**
     * A version.
     *
     * @param id the id of the version, above 0
     * @param seq the row of the log after which the document has the state of this version
     * @param label empty for none; two versions of a room never have the same
     * @param isPinned whether the version is kept until it is deleted on request; any other version is dropped with the
     *     history around it
     * @param isAutomatic whether Keck made it without a request
     * @param by the principal that made it; {@code system} for Keck
     * @param at the time at which it was made, in milliseconds since 1970; the time of its row if Keck made it without a
     *     request
     */
    record Version(long id, long seq, String label, boolean isPinned, boolean isAutomatic, String by, long at) {}

    /**
     * A version to be made.
     *
     * @param seq a row whose state is still known
     * @param label at most {@link #MAX_LABEL} UTF-16 units; empty for none
     */
    record Wanted(long seq, String label, boolean isPinned, boolean isAutomatic, String by) {}

    /** Why a version was not made. */
    enum Refusal {
        /** Another version of the room has the label. */
        LABEL_TAKEN,
        /** The room has the largest allowed number of versions of this kind. */
        TOO_MANY
    }

    /**
     * The outcome of {@link #create}.
     *
     * @param version the new version, or null
     * @param refusal why no version was made, or null
     */
    record Created(@Nullable Version version, @Nullable Refusal refusal) {}

    /**
     * Makes a version. If the room has the largest allowed number of automatic versions, a new one replaces the oldest
     * that is not pinned.
     *
     * @throws HistoryGone if the state at the row is no longer known, or the row is not written yet
     * @throws RoomGone if the room was deleted
     * @throws RoomLost if there is no such room
     */
    Created create(long roomId, Wanted wanted);

    /**
     * Lists versions, those of the newest rows first.
     *
     * @param before the last version of the previous page, or null for the first page
     * @param limit the largest number of versions
     */
    List<Version> list(long roomId, @Nullable Version before, int limit);

    /** Returns the version with this id. */
    Optional<Version> find(long roomId, long id);

    /** Returns the version with this label, which must not be empty. */
    Optional<Version> labelled(long roomId, String label);

    /** Sets whether a version is pinned; returns false if there is no such version. */
    boolean pin(long roomId, long id, boolean isPinned);

    /** Deletes a version; returns false if there is none with that id. The history around it stays. */
    boolean delete(long roomId, long id);
}
