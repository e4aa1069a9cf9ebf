package io.keck.room;

import io.keck.access.Grant;
import io.keck.failure.Forbidden;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The updates that strict authorship holds, for deciding on them. The caller checks who may decide on an entry. Thread-safe.
 *
 * <p>Stages fail with {@link RoomMissing} if there is no such document, with {@link Unavailable} if the database does not
 * answer, and with {@link Forbidden} if the grant lacks a right: read and history to list, read and write to decide.
 */
public interface HeldContent {
    /** Returns the entries of a document, including decided ones, oldest first. */
    CompletionStage<List<HeldUpdates.Entry>> list(Grant grant);

    /** Returns one entry of a document. */
    CompletionStage<Optional<HeldUpdates.Entry>> find(Grant grant, long id);

    /**
     * Commits a held update as an edit of the principal that sent it. The part that needs missing content stays held.
     *
     * @param grant the grant of the deciding principal
     * @return the entry afterwards, or as it was decided before; null if none of it can be applied yet. Fails as an edit of
     *     {@link Documents} does; then nothing was applied
     */
    CompletionStage<HeldUpdates.@Nullable Entry> takeIn(Grant grant, HeldUpdates.Entry entry);

    /** Drops a held update; returns the entry afterwards, or as it was decided before. */
    CompletionStage<Optional<HeldUpdates.Entry>> drop(Grant grant, HeldUpdates.Entry entry);
}
