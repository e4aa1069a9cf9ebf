package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.Update;
import org.jspecify.annotations.Nullable;

/**
 * An edit of a back end that waits for its commit and is not visible before it. Gets its outcome once, in a turn of the
 * room.
 */
interface Edit {
    /** The change; {@link Update#EMPTY} if it changes nothing and only its key is to be stored. */
    Update update();

    /** The key by which a repeated request is recognised, or null. */
    @Nullable
    RequestKey key();

    /** The author; null if unknown. */
    @Nullable
    Author author();

    /** Whether it builds on another edit that has failed meanwhile. */
    boolean isLost();

    /** Called when the edit is committed. */
    void committed(long roomId, long seq);

    /** Called when the edit is not committed and will not be, or its outcome is unknown. */
    void failed(RuntimeException error);
}
