package io.keck.prose;

import io.keck.crdt.AbstractType;
import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import io.keck.crdt.YMap;
import io.keck.crdt.YXmlText;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The text of a document in the blocks of its editor. Roots that are neither texts nor XML (maps, arrays) have no text.
 * Read once from a document; afterwards independent of it, and immutable.
 */
public final class Prose {
    /** The depth of blocks; what is nested deeper becomes part of the block at that depth. */
    static final int MAX_DEPTH = 50;

    private final List<Block> blocks;

    private Prose(List<Block> blocks) {
        this.blocks = blocks;
    }

    /**
     * Reads a document, on its thread.
     *
     * @param only the name of the only root to read; null for all, in the order of their names
     */
    public static Prose of(Doc doc, @Nullable String only) {
        List<Block> blocks = new ArrayList<>();
        for (String name : only == null ? new TreeSet<>(doc.rootNames()) : List.of(only)) {
            Root root = doc.findRoot(name);
            if (root != null) {
                blocks.addAll(read(root));
            }
        }
        return new Prose(List.copyOf(blocks));
    }

    private static List<Block> read(Root root) {
        return switch (root.lastKind()) {
            case TEXT -> isOfLexical(root) ? LexicalBlocks.of(root.asText()) : QuillBlocks.of(root.asText());
            case XML ->
                isOfLexical(root)
                        ? LexicalBlocks.of(root.asText())
                        : XmlBlocks.of(root.asXml().children());
            case MAP, ARRAY, LIST, NONE -> List.of();
        };
    }

    /** Whether the first thing embedded in a text says of which type it is in Lexical's way. */
    private static boolean isOfLexical(Root root) {
        var runs = root.asText().runs();
        while (runs.next()) {
            if (!runs.isText() && runs.value() instanceof AbstractType type) {
                return (type instanceof YXmlText element && element.getAttribute(LexicalBlocks.TYPE) != null)
                        || (type instanceof YMap map && map.has(LexicalBlocks.TYPE));
            }
        }
        return false;
    }

    /** Writes plain text: blocks in lines, items with a mark before them. */
    public void writeText(Consumer<String> out) {
        new TextWriter(out).write(blocks);
    }

    /** Writes Markdown (CommonMark, and tables and checked items of GitHub). Everything that is text is escaped. */
    public void writeMarkdown(Consumer<String> out) {
        new MarkdownWriter(out).write(blocks);
    }

    /** Writes HTML elements, for the body of a page. Everything that is text is escaped, addresses of scripts are left out. */
    public void writeHtml(Consumer<String> out) {
        new HtmlWriter(out).write(blocks);
    }
}
