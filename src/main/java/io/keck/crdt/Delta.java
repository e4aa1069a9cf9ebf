package io.keck.crdt;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One step of a change of a text or list, or of a description of its content: the steps follow each other from the
 * start of the type on. Lengths are UTF-16 code units in texts, elements in lists. Immutable. Source: the Delta format
 * of Quill as Yjs uses it, {@code YText.js} {@code applyDelta}.
 */
public sealed interface Delta {
    /**
     * Content that is inserted here or, in a description, is here.
     *
     * @param value in texts a String, an embedded value or an {@link AbstractType}; in lists a List of values
     * @param attributes the formats of the content; empty in lists
     */
    record Insert(@Nullable Object value, Map<String, @Nullable Object> attributes) implements Delta {}

    /**
     * Content that stays.
     *
     * @param length the length of that content
     * @param attributes formats to set; a null value removes a format
     */
    record Retain(int length, Map<String, @Nullable Object> attributes) implements Delta {}

    /**
     * Content that is deleted.
     *
     * @param length the length of that content
     */
    record Delete(int length) implements Delta {}

    /** Inserts content without formats. */
    static Delta insert(@Nullable Object value) {
        return new Insert(value, Map.of());
    }

    /** Inserts content with formats. */
    static Delta insert(@Nullable Object value, Map<String, ? extends @Nullable Object> attributes) {
        return new Insert(value, Maps.copy(attributes));
    }

    /** Skips content. */
    static Delta retain(int length) {
        return new Retain(length, Map.of());
    }

    /** Skips content and sets formats of it. */
    static Delta retain(int length, Map<String, ? extends @Nullable Object> attributes) {
        return new Retain(length, Maps.copy(attributes));
    }

    /** Deletes content. */
    static Delta delete(int length) {
        return new Delete(length);
    }
}
