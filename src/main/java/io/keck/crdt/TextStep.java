package io.keck.crdt;

import io.keck.crdt.lib0.JsonValue;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One step of a change of a text, its arguments checked and copied, so that executing it cannot fail half way. */
sealed interface TextStep {
    /**
     * Inserts content.
     *
     * @param string the text, if the content is text
     */
    record Insert(ItemContent content, String string, int length, Map<String, @Nullable Object> formats)
            implements TextStep {}

    /** Skips units and sets formats of them. */
    record Retain(int length, Map<String, @Nullable Object> formats) implements TextStep {}

    /** Deletes units. */
    record Delete(int length) implements TextStep {}

    /** The number of existing units that the step skips or deletes. */
    default int needs() {
        if (this instanceof Retain retain) {
            return retain.length;
        }
        return this instanceof Delete delete ? delete.length : 0;
    }

    /** The number of units by which the step changes the length of the text. */
    default int grows() {
        if (this instanceof Insert insert) {
            return insert.length;
        }
        return this instanceof Delete delete ? -delete.length : 0;
    }

    /**
     * Checks and copies a step.
     *
     * @throws IndexOutOfBoundsException if a length is negative
     * @throws IllegalArgumentException if the step has content or formats that a text cannot hold
     */
    static TextStep of(Delta delta) {
        if (delta instanceof Delta.Insert insert) {
            Map<String, @Nullable Object> formats = formats(insert.attributes());
            return insert.value() instanceof String string ? text(string, formats) : embed(insert.value(), formats);
        }
        if (delta instanceof Delta.Retain retain) {
            checkLength(retain.length());
            return new Retain(retain.length(), formats(retain.attributes()));
        }
        Delta.Delete delete = (Delta.Delete) delta;
        checkLength(delete.length());
        return new Delete(delete.length());
    }

    private static void checkLength(int length) {
        if (length < 0) {
            throw new IndexOutOfBoundsException("the length of a step is negative");
        }
    }

    /** Inserts text with formats that were checked. */
    static Insert text(String string, Map<String, @Nullable Object> formats) {
        String clean = Values.wellFormed(string);
        return new Insert(ContentString.INSTANCE, clean, clean.length(), formats);
    }

    /** Inserts an embedded value or type with formats that were checked. */
    static Insert embed(@Nullable Object value, Map<String, @Nullable Object> formats) {
        if (value instanceof AbstractType type) {
            type.take();
            return new Insert(new ContentType(type.branch), "", 1, formats);
        }
        return new Insert(new ContentEmbed(json(value)), "", 1, formats);
    }

    /** Checks and copies formats. */
    static Map<String, @Nullable Object> formats(Map<String, ? extends @Nullable Object> attributes) {
        if (attributes.isEmpty()) {
            return Map.of();
        }
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        attributes.forEach((key, value) -> copy.put(Values.wellFormed(key), json(value)));
        return copy;
    }

    /** The value after it was converted to JSON and back. */
    private static @Nullable Object json(@Nullable Object value) {
        return JsonValue.parse(JsonValue.write(Values.normal(value)));
    }
}
