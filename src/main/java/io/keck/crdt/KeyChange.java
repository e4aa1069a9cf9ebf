package io.keck.crdt;

import org.jspecify.annotations.Nullable;

/**
 * What happened to a key of a map or to an attribute. Immutable. Source: Yjs {@code YEvent.js} {@code keys}.
 *
 * @param action what happened
 * @param oldValue the value before; null if there was none
 */
public record KeyChange(Action action, @Nullable Object oldValue) {
    /** What can happen. */
    public enum Action {
        /** There was no value before. */
        ADD,
        /** Another value took its place. */
        UPDATE,
        /** There is no value any more. */
        DELETE
    }
}
