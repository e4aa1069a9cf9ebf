package io.keck.storage.octobase;

import io.keck.room.UpdateLog.Contents;
import java.util.Optional;

/** Looks for rooms of the target; for a dry run, which has no log to write to. */
@FunctionalInterface
public interface RoomLookup {
    /** Knows no rooms. */
    RoomLookup NONE = name -> Optional.empty();

    /** The room of that name; empty when there is none. */
    Optional<Contents> find(String name);
}
