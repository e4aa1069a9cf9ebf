package io.keck.prose;

import java.util.List;

/**
 * A block of a text, with the blocks in it. Immutable; nests at most {@link Prose#MAX_DEPTH} deep.
 *
 * @param kind what it is
 * @param level the level of a heading, 1 to 6; 1 for a checked item; otherwise 0
 * @param info the language of code; otherwise empty
 * @param spans its own text
 * @param children the blocks in it
 */
record Block(Kind kind, int level, String info, List<Span> spans, List<Block> children) {
    /** What a block is. */
    enum Kind {
        PARAGRAPH,
        HEADING,
        BULLET,
        NUMBERED,
        CHECK,
        QUOTE,
        CODE,
        RULE,
        TABLE,
        ROW,
        CELL,
        /** Nothing of its own: what is in it counts. */
        GROUP;

        boolean isItem() {
            return this == BULLET || this == NUMBERED || this == CHECK;
        }
    }

    static Block of(Kind kind, List<Span> spans, List<Block> children) {
        return new Block(kind, 0, "", spans, children);
    }

    /** Its text without marks. */
    String plain() {
        StringBuilder out = new StringBuilder();
        for (Span span : spans) {
            out.append(span.kind() == Span.Kind.IMAGE ? "" : span.text());
        }
        return out.toString();
    }
}
