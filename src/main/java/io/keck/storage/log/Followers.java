package io.keck.storage.log;

import org.jdbi.v3.core.Handle;

/** Readers of the log that need each row individually, so that rows may not be folded before they have read them. */
@FunctionalInterface
public interface Followers {
    /** There are no followers. */
    Followers NONE = (h, roomId) -> Long.MAX_VALUE;

    /** The seq up to which all followers have read the room; {@link Long#MAX_VALUE} if there are no followers. */
    long haveRead(Handle h, long roomId);
}
