package io.keck.prose;

import io.keck.crdt.TextRuns;
import io.keck.crdt.YMap;
import io.keck.crdt.YText;
import io.keck.crdt.YXmlElement;
import io.keck.crdt.YXmlText;
import io.keck.prose.Block.Kind;
import io.keck.prose.Span.Mark;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads documents of Lexical. An element is a Yjs text whose attributes are the element's properties. In that text an
 * embedded map holds the properties of the characters that follow it, and other elements are embedded texts. Stateless.
 * Source: {@code @lexical/yjs}, {@code CollabElementNode.ts}, {@code CollabTextNode.ts}.
 */
final class LexicalBlocks {
    /** The property that names the type of a node. */
    static final String TYPE = "__type";

    private static final int MAX_LEVEL = 6;
    private static final int BOLD = 1;
    private static final int ITALIC = 1 << 1;
    private static final int STRIKE = 1 << 2;
    private static final int UNDERLINE = 1 << 3;
    private static final int CODE = 1 << 4;

    private LexicalBlocks() {}

    static List<Block> of(YText root) {
        return inside(root, 0).blocks;
    }

    /** The content of an element: its own text, and blocks. */
    private record Inside(List<Span> spans, List<Block> blocks) {}

    private static Inside inside(YText element, int depth) {
        Inside inside = new Inside(new ArrayList<>(), new ArrayList<>());
        read(element, inside, null, depth);
        return inside;
    }

    private static void read(YText element, Inside into, @Nullable String link, int depth) {
        Set<Mark> marks = Set.of();
        TextRuns runs = element.runs();
        while (runs.next()) {
            if (runs.isText()) {
                for (String piece = runs.piece(); piece != null; piece = runs.piece()) {
                    into.spans.add(Span.text(piece, marks, link));
                }
                continue;
            }
            Object value = runs.value();
            if (value instanceof YMap node) {
                marks = marks(node.get("__format"));
                if ("linebreak".equals(node.get(TYPE))) {
                    into.spans.add(Span.BREAK);
                } else if ("tab".equals(node.get(TYPE))) {
                    into.spans.add(Span.text("\t", Set.of(), null));
                }
            } else if (value instanceof YXmlText child && depth < Prose.MAX_DEPTH) {
                child(child, into, link, depth);
            } else if (value instanceof YXmlElement decorator) {
                decorator(decorator, into);
            }
        }
    }

    private static void child(YXmlText child, Inside into, @Nullable String link, int depth) {
        String type = property(child, TYPE);
        switch (type) {
            case "link", "autolink" -> read(child, into, property(child, "__url"), depth + 1);
            case "list" -> list(child, into, depth);
            case "table" -> into.blocks.add(Block.of(Kind.TABLE, List.of(), rows(child, depth)));
            case "mark", "overflow" -> read(child, into, link, depth + 1);
            default -> into.blocks.add(block(child, type, depth));
        }
    }

    private static Block block(YXmlText child, String type, int depth) {
        Inside inside = inside(child, depth + 1);
        List<Span> spans = List.copyOf(inside.spans);
        List<Block> blocks = List.copyOf(inside.blocks);
        return switch (type) {
            case "heading" -> new Block(Kind.HEADING, level(property(child, "__tag")), "", spans, blocks);
            case "quote" -> Block.of(Kind.QUOTE, spans, blocks);
            case "code" -> new Block(Kind.CODE, 0, property(child, "__language"), spans, blocks);
            case "horizontalrule" -> Block.of(Kind.RULE, List.of(), List.of());
            case "paragraph" -> Block.of(Kind.PARAGRAPH, spans, blocks);
            default -> Block.of(spans.isEmpty() ? Kind.GROUP : Kind.PARAGRAPH, spans, blocks);
        };
    }

    /**
     * Reads a list. An item that holds only a list is not an item of its own: its list belongs below the previous item.
     */
    private static void list(YXmlText list, Inside into, int depth) {
        Kind kind = switch (property(list, "__listType")) {
            case "number" -> Kind.NUMBERED;
            case "check" -> Kind.CHECK;
            default -> Kind.BULLET;
        };
        TextRuns runs = list.runs();
        while (runs.next()) {
            if (!runs.isText() && runs.value() instanceof YXmlText item) {
                Inside inside = inside(item, depth + 1);
                int checked = Boolean.TRUE.equals(item.getAttribute("__checked")) ? 1 : 0;
                int last = into.blocks.size() - 1;
                boolean isNested = inside.spans.isEmpty()
                        && !inside.blocks.isEmpty()
                        && last >= 0
                        && into.blocks.get(last).kind().isItem();
                if (isNested) {
                    Block before = into.blocks.remove(last);
                    List<Block> children = new ArrayList<>(before.children());
                    children.addAll(inside.blocks);
                    into.blocks.add(
                            new Block(before.kind(), before.level(), "", before.spans(), List.copyOf(children)));
                } else {
                    into.blocks.add(
                            new Block(kind, checked, "", List.copyOf(inside.spans), List.copyOf(inside.blocks)));
                }
            }
        }
    }

    private static List<Block> rows(YXmlText table, int depth) {
        List<Block> rows = new ArrayList<>();
        TextRuns each = table.runs();
        while (each.next()) {
            if (!each.isText() && each.value() instanceof YXmlText row) {
                List<Block> cells = new ArrayList<>();
                TextRuns runs = row.runs();
                while (runs.next()) {
                    if (!runs.isText() && runs.value() instanceof YXmlText cell) {
                        cells.add(Block.of(Kind.CELL, cell(inside(cell, depth + 1)), List.of()));
                    }
                }
                rows.add(Block.of(Kind.ROW, List.of(), List.copyOf(cells)));
            }
        }
        return List.copyOf(rows);
    }

    private static List<Span> cell(Inside inside) {
        List<Span> spans = new ArrayList<>(inside.spans);
        for (Block block : inside.blocks) {
            if (!spans.isEmpty()) {
                spans.add(Span.BREAK);
            }
            spans.addAll(block.spans());
        }
        return List.copyOf(spans);
    }

    private static void decorator(YXmlElement node, Inside into) {
        Object address = node.getAttribute("__src");
        if (address instanceof String src) {
            Object description = node.getAttribute("__altText");
            into.spans.add(Span.image(description instanceof String text ? text : "", src));
        } else if ("horizontalrule".equals(node.getAttribute(TYPE))) {
            into.blocks.add(Block.of(Kind.RULE, List.of(), List.of()));
        }
    }

    private static Set<Mark> marks(@Nullable Object format) {
        int bits = format instanceof Number number ? number.intValue() : 0;
        EnumSet<Mark> marks = EnumSet.noneOf(Mark.class);
        if ((bits & BOLD) != 0) {
            marks.add(Mark.BOLD);
        }
        if ((bits & ITALIC) != 0) {
            marks.add(Mark.ITALIC);
        }
        if ((bits & STRIKE) != 0) {
            marks.add(Mark.STRIKE);
        }
        if ((bits & UNDERLINE) != 0) {
            marks.add(Mark.UNDERLINE);
        }
        if ((bits & CODE) != 0) {
            marks.add(Mark.CODE);
        }
        return Collections.unmodifiableSet(marks);
    }

    private static String property(YXmlText node, String name) {
        return node.getAttribute(name) instanceof String text ? text : "";
    }

    private static int level(String tag) {
        return tag.matches("h[1-6]") ? Math.min(MAX_LEVEL, tag.charAt(1) - '0') : 1;
    }
}
