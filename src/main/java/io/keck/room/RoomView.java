package io.keck.room;

import org.jspecify.annotations.Nullable;

/**
 * How a room is at one moment, for operators.
 *
 * @param roomId 0 while it is loading
 * @param state loading, open or closed
 * @param applied the seq up to which its replica equals the log
 * @param members connections
 * @param waitingBytes heap of updates that wait to be committed, roughly
 * @param unsaved whether they are passed on all the same, since the database does not answer
 * @param damage why it is in quarantine, or null
 */
public record RoomView(
        String name,
        long roomId,
        String state,
        long applied,
        int members,
        long waitingBytes,
        boolean unsaved,
        @Nullable String damage) {}
