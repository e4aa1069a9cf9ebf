package io.keck.prose;

import java.util.List;

/**
 * A block of a text, with nested blocks, at most {@link Prose#MAX_DEPTH} deep. Immutable.
 *
 * @param kind the kind of the block
 * @param level the level of a heading, 1 to 6; 1 for a checked item; otherwise 0
 * @param info the language of code; otherwise empty
 * @param spans the text of the block itself
 * @param children the nested blocks
 */
record Block(Kind kind, int level, String info, List<Span> spans, List<Block> children) {
    /** The kinds of blocks. */
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
        /** A container without a meaning of its own; only its children are written. */
        GROUP;

        boolean isItem() {
            return this == BULLET || this == NUMBERED || this == CHECK;
        }
    }

    static Block of(Kind kind, List<Span> spans, List<Block> children) {
        return new Block(kind, 0, "", spans, children);
    }

    /** The text of the block without marks. */
    String plain() {
        StringBuilder out = new StringBuilder();
        for (Span span : spans) {
            out.append(span.kind() == Span.Kind.IMAGE ? "" : span.text());
        }
        return out.toString();
    }
}
