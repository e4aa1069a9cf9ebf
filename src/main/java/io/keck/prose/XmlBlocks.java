package io.keck.prose;

import io.keck.crdt.AbstractType;
import io.keck.crdt.TextRuns;
import io.keck.crdt.YXmlElement;
import io.keck.crdt.YXmlText;
import io.keck.prose.Block.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the XML of y-prosemirror, with the node names of ProseMirror's basic schema, of Tiptap and of BlockNote.
 * Stateless. Source: {@code y-prosemirror/src/plugins/sync-plugin.js}, {@code @blocknote/core} schema of blocks.
 */
final class XmlBlocks {
    private static final int MAX_LEVEL = 6;

    private XmlBlocks() {}

    static List<Block> of(List<? extends AbstractType> nodes) {
        return blocks(nodes, Kind.BULLET, 0);
    }

    /**
     * Reads nodes as blocks.
     *
     * @param item the kind of items in the list that contains these nodes
     */
    private static List<Block> blocks(List<? extends AbstractType> nodes, Kind item, int depth) {
        List<Block> blocks = new ArrayList<>();
        List<Span> loose = new ArrayList<>();
        for (AbstractType node : nodes) {
            if (node instanceof YXmlText || isInline(node)) {
                inline(node, loose);
                continue;
            }
            flush(loose, blocks);
            if (node instanceof YXmlElement element) {
                block(element, item, depth, blocks);
            }
        }
        flush(loose, blocks);
        return blocks;
    }

    private static void flush(List<Span> loose, List<Block> blocks) {
        if (!loose.isEmpty()) {
            blocks.add(Block.of(Kind.PARAGRAPH, List.copyOf(loose), List.of()));
            loose.clear();
        }
    }

    /**
     * Returns the name of a node in lower case and without underscores: Tiptap writes bulletList, ProseMirror
     * bullet_list.
     */
    private static String name(YXmlElement element) {
        return element.nodeName().replace("_", "").toLowerCase(Locale.ROOT);
    }

    private static boolean isInline(AbstractType node) {
        return node instanceof YXmlElement element
                && switch (name(element)) {
                    case "hardbreak", "mention", "emoji" -> true;
                    default -> false;
                };
    }

    private static void block(YXmlElement element, Kind item, int depth, List<Block> blocks) {
        switch (name(element)) {
            case "blockgroup", "doc", "columnlist", "column" -> blocks.addAll(children(element, item, depth));
            case "blockcontainer" -> container(element, depth, blocks);
            case "bulletlist", "tasklist" -> blocks.addAll(children(element, Kind.BULLET, depth));
            case "orderedlist" -> blocks.addAll(children(element, Kind.NUMBERED, depth));
            case "listitem" -> blocks.add(item(element, item, 0, depth));
            case "taskitem" -> blocks.add(item(element, Kind.CHECK, flag(element, "checked"), depth));
            case "bulletlistitem", "togglelistitem" -> blocks.add(leaf(element, Kind.BULLET, 0, ""));
            case "numberedlistitem" -> blocks.add(leaf(element, Kind.NUMBERED, 0, ""));
            case "checklistitem" -> blocks.add(leaf(element, Kind.CHECK, flag(element, "checked"), ""));
            case "heading" -> blocks.add(leaf(element, Kind.HEADING, level(element), ""));
            case "blockquote", "quote" -> blocks.add(quote(element, depth));
            case "codeblock" -> blocks.add(leaf(element, Kind.CODE, 0, text(element, "language", "params")));
            case "horizontalrule", "divider" -> blocks.add(Block.of(Kind.RULE, List.of(), List.of()));
            case "image" -> blocks.add(Block.of(Kind.PARAGRAPH, List.of(image(element)), List.of()));
            case "table" -> blocks.add(Block.of(Kind.TABLE, List.of(), rows(element)));
            case "paragraph" -> blocks.add(leaf(element, Kind.PARAGRAPH, 0, ""));
            default -> blocks.add(unknown(element, item, depth));
        }
    }

    private static List<Block> children(YXmlElement element, Kind item, int depth) {
        return depth < Prose.MAX_DEPTH ? blocks(element.children(), item, depth + 1) : flat(element);
    }

    /** Reads content that is nested too deep, as one paragraph. */
    private static List<Block> flat(YXmlElement element) {
        List<Span> spans = new ArrayList<>();
        for (AbstractType node : element.descendants()) {
            if (node instanceof YXmlText text) {
                inline(text, spans);
            }
        }
        return spans.isEmpty() ? List.of() : List.of(Block.of(Kind.PARAGRAPH, List.copyOf(spans), List.of()));
    }

    private static Block leaf(YXmlElement element, Kind kind, int level, String info) {
        List<Span> spans = new ArrayList<>();
        for (AbstractType node : element.children()) {
            inline(node, spans);
        }
        return new Block(kind, level, info, List.copyOf(spans), List.of());
    }

    /** Reads a block of BlockNote: its first node is its content, the second holds the blocks below it. */
    private static void container(YXmlElement element, int depth, List<Block> blocks) {
        List<Block> inside = children(element, Kind.BULLET, depth);
        if (inside.isEmpty()) {
            return;
        }
        Block first = inside.get(0);
        List<Block> children = new ArrayList<>(first.children());
        children.addAll(inside.subList(1, inside.size()));
        blocks.add(new Block(first.kind(), first.level(), first.info(), first.spans(), List.copyOf(children)));
    }

    /** Reads an item of a list: its first paragraph becomes its own text. */
    private static Block item(YXmlElement element, Kind kind, int level, int depth) {
        List<Block> inside = children(element, kind, depth);
        boolean hasText = !inside.isEmpty() && inside.get(0).kind() == Kind.PARAGRAPH;
        List<Span> spans = hasText ? inside.get(0).spans() : List.of();
        return new Block(kind, level, "", spans, List.copyOf(hasText ? inside.subList(1, inside.size()) : inside));
    }

    private static Block quote(YXmlElement element, int depth) {
        boolean hasText = element.children().stream().anyMatch(YXmlText.class::isInstance);
        return hasText
                ? leaf(element, Kind.QUOTE, 0, "")
                : Block.of(Kind.QUOTE, List.of(), List.copyOf(children(element, Kind.BULLET, depth)));
    }

    private static Block unknown(YXmlElement element, Kind item, int depth) {
        boolean hasText = element.children().stream().anyMatch(YXmlText.class::isInstance);
        return hasText
                ? leaf(element, Kind.PARAGRAPH, 0, "")
                : Block.of(Kind.GROUP, List.of(), List.copyOf(children(element, item, depth)));
    }

    private static List<Block> rows(YXmlElement table) {
        List<Block> rows = new ArrayList<>();
        for (AbstractType node : table.children()) {
            if (node instanceof YXmlElement row) {
                List<Block> cells = new ArrayList<>();
                for (AbstractType cell : row.children()) {
                    if (cell instanceof YXmlElement element) {
                        cells.add(Block.of(Kind.CELL, cell(element), List.of()));
                    }
                }
                rows.add(Block.of(Kind.ROW, List.of(), List.copyOf(cells)));
            }
        }
        return List.copyOf(rows);
    }

    /** Reads the text of a cell: its paragraphs, separated by line breaks. */
    private static List<Span> cell(YXmlElement element) {
        List<Span> spans = new ArrayList<>();
        for (AbstractType node : element.children()) {
            if (!spans.isEmpty()) {
                spans.add(Span.BREAK);
            }
            if (node instanceof YXmlElement paragraph) {
                paragraph.children().forEach(child -> inline(child, spans));
            } else {
                inline(node, spans);
            }
        }
        return List.copyOf(spans);
    }

    private static void inline(AbstractType node, List<Span> spans) {
        if (node instanceof YXmlText text) {
            runs(text.runs(), spans);
        } else if (node instanceof YXmlElement element) {
            switch (name(element)) {
                case "hardbreak" -> spans.add(Span.BREAK);
                case "image" -> spans.add(image(element));
                case "mention", "emoji" -> {
                    String shown = text(element, "label", "name", "user", "id");
                    spans.add(
                            Span.text("mention".equals(name(element)) ? "@" + shown : shown, java.util.Set.of(), null));
                }
                default ->
                    element.descendants().forEach(child -> {
                        if (child instanceof YXmlText text) {
                            runs(text.runs(), spans);
                        }
                    });
            }
        }
    }

    private static void runs(TextRuns runs, List<Span> spans) {
        while (runs.next()) {
            if (!runs.isText()) {
                continue;
            }
            Map<String, @Nullable Object> formats = Map.copyOf(withoutNulls(runs.attributes()));
            for (String piece = runs.piece(); piece != null; piece = runs.piece()) {
                spans.add(Span.formatted(piece, formats));
            }
        }
    }

    static Map<String, @Nullable Object> withoutNulls(Map<String, @Nullable Object> formats) {
        Map<String, @Nullable Object> set = new java.util.LinkedHashMap<>(formats);
        set.values().removeIf(java.util.Objects::isNull);
        return set;
    }

    private static Span image(YXmlElement element) {
        return Span.image(text(element, "alt", "caption", "name", "title"), text(element, "src", "url"));
    }

    /** Returns the first of these attributes that is a string and not empty. */
    private static String text(YXmlElement element, String... names) {
        for (String name : names) {
            if (element.getAttribute(name) instanceof String text && !text.isEmpty()) {
                return text;
            }
        }
        return "";
    }

    private static int flag(YXmlElement element, String name) {
        Object value = element.getAttribute(name);
        return Boolean.TRUE.equals(value) || "true".equals(value) ? 1 : 0;
    }

    private static int level(YXmlElement element) {
        Object value = element.getAttribute("level");
        int level = value instanceof Number number
                ? number.intValue()
                : value instanceof String text && text.matches("[1-6]") ? Integer.parseInt(text) : 1;
        return Math.max(1, Math.min(MAX_LEVEL, level));
    }
}
