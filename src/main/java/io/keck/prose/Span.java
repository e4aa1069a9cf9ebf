package io.keck.prose;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A run of text with the same marks, a line break, or an image within text. Immutable.
 *
 * @param kind the kind of the span
 * @param text the text; the description of an image
 * @param link the target of a link, or the address of an image; null for none
 */
record Span(
        Kind kind, String text, Set<Mark> marks, @Nullable String link) {
    /** The kinds of spans. */
    enum Kind {
        TEXT,
        BREAK,
        IMAGE
    }

    /** The ways to format text. */
    enum Mark {
        BOLD,
        ITALIC,
        UNDERLINE,
        STRIKE,
        CODE
    }

    /** A line break within a block. */
    static final Span BREAK = new Span(Kind.BREAK, "\n", Set.of(), null);

    static Span text(String text, Set<Mark> marks, @Nullable String link) {
        return new Span(Kind.TEXT, text, marks, link);
    }

    static Span image(String description, String address) {
        return new Span(Kind.IMAGE, description, Set.of(), address);
    }

    /**
     * Creates text with the formats of an editor; y-prosemirror, BlockNote and Quill use the same names. In
     * y-prosemirror the name of a mark that may overlap with another one of the same name ends in two hyphens and a
     * suffix.
     */
    static Span formatted(String text, Map<String, @Nullable Object> formats) {
        EnumSet<Mark> marks = EnumSet.noneOf(Mark.class);
        String link = null;
        for (Map.Entry<String, @Nullable Object> format : formats.entrySet()) {
            if (format.getValue() == null || Boolean.FALSE.equals(format.getValue())) {
                continue;
            }
            switch (name(format.getKey())) {
                case "bold", "strong", "b" -> marks.add(Mark.BOLD);
                case "italic", "em", "i" -> marks.add(Mark.ITALIC);
                case "underline", "u" -> marks.add(Mark.UNDERLINE);
                case "strike", "strikethrough", "s" -> marks.add(Mark.STRIKE);
                case "code" -> marks.add(Mark.CODE);
                case "link" -> link = address(format.getValue());
                default -> {
                    // colours, sizes and formats of applications have no counterpart
                }
            }
        }
        return text(text, Collections.unmodifiableSet(marks), link);
    }

    private static String name(String key) {
        int suffix = key.indexOf("--");
        return (suffix < 0 ? key : key.substring(0, suffix)).toLowerCase(Locale.ROOT);
    }

    private static @Nullable String address(@Nullable Object value) {
        Object address = value instanceof Map<?, ?> attributes ? attributes.get("href") : value;
        return address instanceof String text ? text : null;
    }
}
