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
 * What strict authorship has kept of documents, for those who decide. Who may decide on an entry is judged before. Thread-safe.
 *
 * <p>Stages fail with {@link RoomMissing} where there is no such document, with {@link Unavailable} where the database does
 * not answer, and with {@link Forbidden} where the grant lacks a right: read and history to see, read and write to decide.
 */
public interface HeldContent {
    /** The entries of a document, decided ones included, the oldest first. */
    CompletionStage<List<HeldUpdates.Entry>> list(Grant grant);

    /** One entry of a document. */
    CompletionStage<Optional<HeldUpdates.Entry>> find(Grant grant, long id);

    /**
     * Commits what was kept, as an edit of the principal that brought it; what needs content that is not there stays held.
     *
     * @param grant of the principal that decided so
     * @return the entry as it is then, or as it was decided before; null where nothing of it can come in yet. Fails as an edit
     *     of {@link Documents} does, and then nothing was taken in
     */
    CompletionStage<HeldUpdates.@Nullable Entry> takeIn(Grant grant, HeldUpdates.Entry entry);

    /** Drops what was kept; the entry as it is then, or as it was decided before. */
    CompletionStage<Optional<HeldUpdates.Entry>> drop(Grant grant, HeldUpdates.Entry entry);
}
