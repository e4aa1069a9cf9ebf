package io.keck.crdt;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One step of a change of a text or list, or of its description: steps follow each other from the start of the type on.
 * Lengths are UTF-16 code units in texts, elements in lists. Immutable. Source: the Delta format of Quill as Yjs uses it,
 * {@code YText.js} {@code applyDelta}.
 */
public sealed interface Delta {
    /**
     * Content that is, or is put, here.
     *
     * @param value in texts a String, an embedded value or an {@link AbstractType}; in lists a List of values
     * @param attributes the formats it has; empty in lists
     */
    record Insert(@Nullable Object value, Map<String, @Nullable Object> attributes) implements Delta {}

    /**
     * Content that stays.
     *
     * @param length how much
     * @param attributes formats that it gets; a null value takes a format away
     */
    record Retain(int length, Map<String, @Nullable Object> attributes) implements Delta {}

    /**
     * Content that goes.
     *
     * @param length how much
     */
    record Delete(int length) implements Delta {}

    /** Puts content here, without formats. */
    static Delta insert(@Nullable Object value) {
        return new Insert(value, Map.of());
    }

    /** Puts content here. */
    static Delta insert(@Nullable Object value, Map<String, ? extends @Nullable Object> attributes) {
        return new Insert(value, Maps.copy(attributes));
    }

    /** Passes over content. */
    static Delta retain(int length) {
        return new Retain(length, Map.of());
    }

    /** Passes over content and gives it formats. */
    static Delta retain(int length, Map<String, ? extends @Nullable Object> attributes) {
        return new Retain(length, Maps.copy(attributes));
    }

    /** Takes content away. */
    static Delta delete(int length) {
        return new Delete(length);
    }
}
