package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.store.Update;
import org.jspecify.annotations.Nullable;

/** An edit of a back end that waits to be committed: not seen by anyone before. Told once how it went, in a room's turn. */
interface Edit {
    /** What it adds; {@link Update#EMPTY} where it changes nothing, and only its key is to be remembered. */
    Update update();

    /** What makes a repeat known, or null. */
    @Nullable
    RequestKey key();

    /** Who made it; null where nobody knows. */
    @Nullable
    Author author();

    /** Whether it was made on another that failed meanwhile. */
    boolean isLost();

    /** It is committed. */
    void committed(long roomId, long seq);

    /** It is not, and will not be, or nobody knows. */
    void failed(RuntimeException error);
}
