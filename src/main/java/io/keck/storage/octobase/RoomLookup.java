package io.keck.storage.octobase;

import io.keck.room.UpdateLog.Contents;
import java.util.Optional;

/** Finds existing rooms of the target; for a dry run, which has no log to write to. */
@FunctionalInterface
public interface RoomLookup {
    /** Finds no rooms. */
    RoomLookup NONE = name -> Optional.empty();

    /** The content of the room of that name; empty if there is none. */
    Optional<Contents> find(String name);
}
