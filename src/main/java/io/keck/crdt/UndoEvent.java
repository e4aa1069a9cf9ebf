package io.keck.crdt;

import java.util.Map;

/**
 * A step that can be undone or done again came, grew, or went.
 *
 * @param kind what happened
 * @param redo whether the step is done again by it, else it is undone
 * @param transaction which did it: it has the origin, and says which types changed
 * @param meta the user's notes on the step, such as where the cursor was; may be changed
 */
public record UndoEvent(Kind kind, boolean redo, Transaction transaction, Map<Object, Object> meta) {
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
