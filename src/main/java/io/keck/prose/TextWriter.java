package io.keck.prose;

import io.keck.prose.Block.Kind;
import java.util.List;
import java.util.function.Consumer;

/** Writes blocks as plain text. Used by one thread. */
final class TextWriter {
    private static final String INDENT = "  ";

    private final Consumer<String> out;

    TextWriter(Consumer<String> out) {
        this.out = out;
    }

    void write(List<Block> blocks) {
        write(blocks, "");
    }

    private void write(List<Block> blocks, String indent) {
        int number = 0;
        for (Block block : blocks) {
            number = block.kind() == Kind.NUMBERED ? number + 1 : 0;
            switch (block.kind()) {
                case GROUP, TABLE -> {
                    // only their children are written
                }
                case ROW -> line(indent, "", row(block));
                case RULE -> line(indent, "", "---");
                case BULLET -> line(indent, "- ", block.plain());
                case NUMBERED -> line(indent, number + ". ", block.plain());
                case CHECK -> line(indent, block.level() == 1 ? "[x] " : "[ ] ", block.plain());
                case QUOTE -> {
                    if (!block.spans().isEmpty()) {
                        line(indent, "", block.plain());
                    }
                }
                case PARAGRAPH, HEADING, CODE, CELL -> line(indent, "", block.plain());
            }
            if (block.kind() != Kind.ROW) {
                write(block.children(), isOpen(block.kind()) ? indent : indent + INDENT);
            }
        }
    }

    private static boolean isOpen(Kind kind) {
        return kind == Kind.GROUP || kind == Kind.TABLE || kind == Kind.QUOTE;
    }

    private static String row(Block row) {
        StringBuilder cells = new StringBuilder();
        for (Block cell : row.children()) {
            cells.append(cells.length() == 0 ? "" : "\t").append(cell.plain().replace('\n', ' '));
        }
        return cells.toString();
    }

    private void line(String indent, String mark, String text) {
        out.accept(indent + mark + text.replace("\n", "\n" + indent) + "\n");
    }
}
