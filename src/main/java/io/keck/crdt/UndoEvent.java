package io.keck.crdt;

import java.util.Map;

/**
 * Reports that a step that can be undone or redone was added, extended or removed.
 *
 * @param kind the event
 * @param redo true for a step that can be redone, false for one that can be undone
 * @param transaction the transaction that caused the event, with its origin and the types that changed
 * @param meta the user's notes on the step, such as the cursor position; may be changed
 */
public record UndoEvent(Kind kind, boolean redo, Transaction transaction, Map<Object, Object> meta) {
    /** The events of a step. */
    public enum Kind {
        /** The step is new. */
        ADDED,
        /** A change was added to the step. */
        UPDATED,
        /** The step was undone or redone. */
        POPPED
    }
}
