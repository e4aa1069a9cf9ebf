package io.keck.api;

import io.keck.crdt.Delta;
import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import io.keck.crdt.YText;
import jakarta.ws.rs.core.Response.Status;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An edit of a text. Indexes and lengths count UTF-16 code units; an embedded value counts one. */
sealed interface TextAction {
    /**
     * Inserts text.
     *
     * @param attributes null for those of the preceding text
     */
    record Insert(long index, String value, @Nullable Map<String, @Nullable Object> attributes) implements TextAction {}

    /** Deletes text. */
    record Delete(long index, long length) implements TextAction {}

    /** Formats text; a null value removes a format. */
    record Format(long index, long length, Map<String, @Nullable Object> attributes) implements TextAction {}

    /** Replaces the text; a common prefix and suffix stay untouched. */
    record Replace(String value) implements TextAction {}

    /** Parses the body of a request; refuses other shapes with 400. */
    static TextAction of(@Nullable Object body) {
        ActionBody action = new ActionBody(body, "\"insert\", \"delete\", \"format\" or \"set\"");
        switch (action.action()) {
            case "insert" -> {
                String value = action.text();
                return new Insert(action.number("index"), value, action.attributes(false));
            }
            case "delete" -> {
                return new Delete(action.number("index"), action.number("length"));
            }
            case "format" -> {
                Map<String, @Nullable Object> attributes = action.attributes(true);
                return new Format(
                        action.number("index"), action.number("length"), attributes == null ? Map.of() : attributes);
            }
            case "set" -> {
                return new Replace(action.text());
            }
            default -> throw action.unknownAction();
        }
    }

    /** Applies the edit; refuses indexes out of bounds or within a character with 400. */
    default void edit(Doc doc, String name) {
        Root root = NamedTypes.TEXT.find(doc, name);
        String units = root == null ? "" : units(root.asText());
        if (this instanceof Replace whole) {
            if (root != null || !whole.value().isEmpty()) {
                replace(NamedTypes.TEXT.open(doc, name).asText(), units, whole.value());
            }
        } else if (this instanceof Insert insert) {
            int at = checked(insert.index(), units, name);
            if (!insert.value().isEmpty()) {
                YText text = NamedTypes.TEXT.open(doc, name).asText();
                if (insert.attributes() == null) {
                    text.insert(at, insert.value());
                } else {
                    text.insert(at, insert.value(), insert.attributes());
                }
            }
        } else if (this instanceof Delete delete) {
            int at = checked(delete.index(), units, name);
            int end = checked(delete.index() + delete.length(), units, name);
            if (root != null) {
                root.asText().delete(at, end - at);
            }
        } else if (this instanceof Format format) {
            int at = checked(format.index(), units, name);
            int end = checked(format.index() + format.length(), units, name);
            if (root != null && !format.attributes().isEmpty()) {
                root.asText().format(at, end - at, format.attributes());
            }
        }
    }

    private static int checked(long index, String units, String name) {
        if (index > units.length()) {
            throw NamedTypes.TEXT.outOfBounds(Status.BAD_REQUEST, index, name);
        }
        int at = (int) index;
        if (isWithinPair(units, at)) {
            throw Refusal.bad("Index(" + at + ") is within a character of text(" + Parameters.quoted(name) + ")");
        }
        return at;
    }

    static boolean isWithinPair(String units, int at) {
        return at > 0
                && at < units.length()
                && Character.isHighSurrogate(units.charAt(at - 1))
                && Character.isLowSurrogate(units.charAt(at));
    }

    private static void replace(YText text, String before, String after) {
        int most = Math.min(before.length(), after.length());
        int start = 0;
        while (start < most && before.charAt(start) == after.charAt(start)) {
            start++;
        }
        if (isWithinPair(before, start) || isWithinPair(after, start)) {
            start--;
        }
        int end = 0;
        while (end < most - start
                && before.charAt(before.length() - 1 - end) == after.charAt(after.length() - 1 - end)) {
            end++;
        }
        if (isWithinPair(before, before.length() - end) || isWithinPair(after, after.length() - end)) {
            end--;
        }
        int from = start;
        int to = end;
        Doc doc = text.doc();
        if (doc != null) {
            doc.transact(transaction -> {
                text.delete(from, before.length() - from - to);
                text.insert(from, after.substring(from, after.length() - to));
            });
        }
    }

    /** The text with one unpaired code unit for each embedded value, which no valid string contains. */
    static String units(YText text) {
        StringBuilder units = new StringBuilder(text.length());
        for (Delta step : text.toDelta()) {
            if (step instanceof Delta.Insert insert) {
                units.append(insert.value() instanceof String string ? string : "\udfff");
            }
        }
        return units.toString();
    }
}
