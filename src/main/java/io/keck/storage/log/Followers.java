package io.keck.storage.log;

import org.jdbi.v3.core.Handle;

/** Readers of the log that need the rows they have not read yet one by one, and not folded into a snapshot. */
@FunctionalInterface
public interface Followers {
    /** There are no followers. */
    Followers NONE = (h, roomId) -> Long.MAX_VALUE;

    /** The seq up to which all of them have read the room; {@link Long#MAX_VALUE} where there are no followers. */
    long haveRead(Handle h, long roomId);
}
