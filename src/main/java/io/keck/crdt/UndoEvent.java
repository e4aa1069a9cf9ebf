package io.keck.crdt;

import java.util.Map;

/**
 * A step that can be undone or redone was added, extended or removed.
 *
 * @param kind what happened to the step
 * @param redo whether the step is one of those to redo; otherwise it is one of those to undo
 * @param transaction the transaction that did it, with its origin and the types that changed
 * @param meta the user's notes on the step, such as the place of the cursor; may be changed
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
