package io.keck.prose;

import io.keck.crdt.TextRuns;
import io.keck.crdt.YText;
import io.keck.prose.Block.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a text as Quill writes it: lines, whose formats are those of the newline that ends them. A text of any other
 * application is paragraphs. Source: Quill's documentation of formats and deltas.
 */
final class QuillBlocks {
    private static final int MAX_LEVEL = 6;

    private final List<Block> blocks = new ArrayList<>();
    private final List<Span> line = new ArrayList<>();
    private final StringBuilder code = new StringBuilder();
    private boolean isCode;
    private String language = "";

    private QuillBlocks() {}

    static List<Block> of(YText text) {
        QuillBlocks reader = new QuillBlocks();
        TextRuns runs = text.runs();
        while (runs.next()) {
            Map<String, @Nullable Object> formats = XmlBlocks.withoutNulls(runs.attributes());
            if (runs.isText()) {
                for (String piece = runs.piece(); piece != null; piece = runs.piece()) {
                    reader.text(piece, formats);
                }
            } else {
                reader.embed(runs.value());
            }
        }
        if (!reader.line.isEmpty()) {
            reader.end(Map.of());
        }
        reader.endCode();
        return List.copyOf(reader.blocks);
    }

    private void text(String piece, Map<String, @Nullable Object> formats) {
        int from = 0;
        for (int at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', from)) {
            if (at > from) {
                line.add(Span.formatted(piece.substring(from, at), formats));
            }
            end(formats);
            from = at + 1;
        }
        if (from < piece.length()) {
            line.add(Span.formatted(piece.substring(from), formats));
        }
    }

    private void embed(@Nullable Object value) {
        if (value instanceof Map<?, ?> embed && embed.get("image") instanceof String address) {
            line.add(Span.image("", address));
        } else if (value instanceof Map<?, ?> embed && embed.get("video") instanceof String address) {
            line.add(Span.text(address, java.util.Set.of(), address));
        }
    }

    private void end(Map<String, @Nullable Object> formats) {
        Object block = formats.get("code-block");
        if (block != null && !Boolean.FALSE.equals(block)) {
            isCode = true;
            language = block instanceof String name && !name.equals("plain") ? name : "";
            line.forEach(span -> code.append(span.text()));
            code.append('\n');
        } else {
            endCode();
            blocks.add(line(formats));
        }
        line.clear();
    }

    private void endCode() {
        if (isCode) {
            String text = code.substring(0, code.length() - 1);
            blocks.add(
                    new Block(Kind.CODE, 0, language, List.of(Span.text(text, java.util.Set.of(), null)), List.of()));
            code.setLength(0);
            isCode = false;
        }
    }

    private Block line(Map<String, @Nullable Object> formats) {
        List<Span> spans = List.copyOf(line);
        Block block;
        if (formats.get("header") instanceof Number level) {
            block = new Block(Kind.HEADING, Math.max(1, Math.min(MAX_LEVEL, level.intValue())), "", spans, List.of());
        } else if (formats.get("list") instanceof String list) {
            block = switch (list) {
                case "ordered" -> Block.of(Kind.NUMBERED, spans, List.of());
                case "checked" -> new Block(Kind.CHECK, 1, "", spans, List.of());
                case "unchecked" -> Block.of(Kind.CHECK, spans, List.of());
                default -> Block.of(Kind.BULLET, spans, List.of());
            };
            return indented(block, formats.get("indent"));
        } else if (formats.containsKey("blockquote")) {
            block = Block.of(Kind.QUOTE, spans, List.of());
        } else {
            block = Block.of(Kind.PARAGRAPH, spans, List.of());
        }
        return block;
    }

    /** Nests an item below others: Quill's lists are flat, and each item carries its indentation. */
    private Block indented(Block item, @Nullable Object indent) {
        int depth = indent instanceof Number number ? Math.min(number.intValue(), Prose.MAX_DEPTH) : 0;
        if (depth <= 0
                || blocks.isEmpty()
                || !blocks.get(blocks.size() - 1).kind().isItem()) {
            return item;
        }
        return below(blocks.remove(blocks.size() - 1), item, depth);
    }

    private static Block below(Block parent, Block item, int depth) {
        List<Block> children = new ArrayList<>(parent.children());
        if (depth > 1 && !children.isEmpty()) {
            children.add(below(children.remove(children.size() - 1), item, depth - 1));
        } else {
            children.add(item);
        }
        return new Block(parent.kind(), parent.level(), parent.info(), parent.spans(), List.copyOf(children));
    }
}
