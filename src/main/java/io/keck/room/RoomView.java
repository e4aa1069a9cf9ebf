package io.keck.room;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The state of a room at one moment, for operators.
 *
 * @param roomId 0 while it is loading
 * @param state loading, open or closed
 * @param applied the seq up to which its replica equals the log
 * @param members the number of connections
 * @param waitingBytes the approximate heap of uncommitted updates in bytes
 * @param unsaved whether the room is in unsaved mode
 * @param damage the reason of its quarantine, or null
 */
public record RoomView(
        String name,
        long roomId,
        String state,
        long applied,
        int members,
        long waitingBytes,
        boolean unsaved,
        @Nullable String damage) {
    /** The view of a room at a position, null while it is loading, in a state of any case. */
    static RoomView of(
            String name,
            Replica.@Nullable Position at,
            String state,
            int members,
            long waitingBytes,
            boolean unsaved,
            @Nullable String damage) {
        return new RoomView(
                name,
                at == null ? 0 : at.roomId(),
                state.toLowerCase(Locale.ROOT),
                at == null ? 0 : at.seq(),
                members,
                waitingBytes,
                unsaved,
                damage);
    }
}
