package io.keck.crdt;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A step that can be undone or done again came, grew, or went.
 *
 * @param kind what happened
 * @param redo whether the step is done again by it, else it is undone
 * @param origin of the transaction, or the manager itself
 * @param meta the user's notes on the step, such as where the cursor was; may be changed
 */
public record UndoEvent(Kind kind, boolean redo, @Nullable Object origin, Map<String, Object> meta) {
    /** What can happen to a step. */
    public enum Kind {
        /** It is new. */
        ADDED,
        /** A change was added to it. */
        UPDATED,
        /** It was undone or done again. */
        POPPED
    }
}
