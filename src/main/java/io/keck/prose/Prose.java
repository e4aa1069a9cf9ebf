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
 * The text of a document, in the blocks of the editor that wrote it. Roots that are neither texts nor XML (maps,
 * arrays) contribute nothing. Immutable, and independent of the document after {@link #of}.
 */
public final class Prose {
    /** The largest depth of blocks; content that is nested deeper becomes part of the block at that depth. */
    static final int MAX_DEPTH = 50;

    private final List<Block> blocks;

    private Prose(List<Block> blocks) {
        this.blocks = blocks;
    }

    /**
     * Reads a document; to be called by the thread that owns it.
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

    /** Whether a text is one of Lexical: its first embedded value names its type as Lexical does. */
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

    /** Writes plain text: each block on lines of its own, items with a leading mark. */
    public void writeText(Consumer<String> out) {
        new TextWriter(out).write(blocks);
    }

    /** Writes Markdown (CommonMark, with tables and checked items of GitHub). All text is escaped. */
    public void writeMarkdown(Consumer<String> out) {
        new MarkdownWriter(out).write(blocks);
    }

    /**
     * Writes HTML elements for the body of a page. All text is escaped; addresses that could run a script are left out.
     */
    public void writeHtml(Consumer<String> out) {
        new HtmlWriter(out).write(blocks);
    }
}
