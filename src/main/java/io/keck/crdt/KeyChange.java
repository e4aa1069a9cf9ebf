package io.keck.crdt;

import org.jspecify.annotations.Nullable;

/**
 * The change of a key of a map or of an attribute. Immutable. Source: Yjs {@code YEvent.js} {@code keys}.
 *
 * @param action the kind of change
 * @param oldValue the value before the change; null if there was none
 */
public record KeyChange(Action action, @Nullable Object oldValue) {
    /** The kinds of change. */
    public enum Action {
        /** The key had no value before. */
        ADD,
        /** Another value replaced the value. */
        UPDATE,
        /** The value was removed. */
        DELETE
    }
}
