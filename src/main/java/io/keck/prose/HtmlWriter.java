package io.keck.prose;

import io.keck.prose.Block.Kind;
import io.keck.prose.Span.Mark;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Writes blocks as HTML. Used by one thread. */
final class HtmlWriter {
    private final Consumer<String> out;

    HtmlWriter(Consumer<String> out) {
        this.out = out;
    }

    void write(List<Block> blocks) {
        Kind list = null;
        for (Block block : blocks) {
            Kind now = block.kind().isItem() ? block.kind() : null;
            if (now != list) {
                out.accept(end(list) + begin(now));
                list = now;
            }
            block(block);
        }
        out.accept(end(list));
    }

    private static String begin(@Nullable Kind list) {
        return list == null ? "" : list == Kind.NUMBERED ? "<ol>" : "<ul>";
    }

    private static String end(@Nullable Kind list) {
        return list == null ? "" : list == Kind.NUMBERED ? "</ol>\n" : "</ul>\n";
    }

    private void block(Block block) {
        switch (block.kind()) {
            case GROUP -> write(block.children());
            case RULE -> out.accept("<hr>\n");
            case HEADING -> around(block, "h" + block.level());
            case QUOTE -> quote(block);
            case CODE -> code(block);
            case BULLET, NUMBERED -> item(block, "");
            case CHECK -> item(block, "<input type=\"checkbox\" disabled" + (block.level() == 1 ? " checked> " : "> "));
            case TABLE -> table(block);
            case PARAGRAPH, ROW, CELL -> around(block, "p");
        }
    }

    private void around(Block block, String element) {
        out.accept("<" + element + ">" + spans(block.spans()) + "</" + element + ">\n");
        write(block.children());
    }

    private void quote(Block block) {
        out.accept("<blockquote>");
        if (!block.spans().isEmpty()) {
            out.accept("<p>" + spans(block.spans()) + "</p>");
        }
        write(block.children());
        out.accept("</blockquote>\n");
    }

    private void code(Block block) {
        String language = block.info().isEmpty() ? "" : " class=\"language-" + escape(block.info()) + "\"";
        out.accept("<pre><code" + language + ">" + escape(block.plain()) + "</code></pre>\n");
        write(block.children());
    }

    private void item(Block block, String box) {
        out.accept("<li>" + box + spans(block.spans()));
        write(block.children());
        out.accept("</li>\n");
    }

    private void table(Block table) {
        out.accept("<table>\n");
        for (Block row : table.children()) {
            out.accept("<tr>");
            for (Block cell : row.children()) {
                out.accept("<td>" + spans(cell.spans()) + "</td>");
            }
            out.accept("</tr>\n");
        }
        out.accept("</table>\n");
    }

    private static String spans(List<Span> spans) {
        StringBuilder html = new StringBuilder();
        for (Span span : spans) {
            switch (span.kind()) {
                case BREAK -> html.append("<br>");
                case IMAGE -> image(span, html);
                case TEXT -> text(span, html);
            }
        }
        return html.toString();
    }

    private static void image(Span span, StringBuilder html) {
        String address = Addresses.image(span.link());
        if (address == null) {
            html.append(escape(span.text()));
        } else {
            html.append("<img src=\"").append(escape(address)).append("\" alt=\"");
            html.append(escape(span.text())).append("\">");
        }
    }

    private static void text(Span span, StringBuilder html) {
        StringBuilder end = new StringBuilder();
        String link = Addresses.link(span.link());
        if (link != null) {
            html.append("<a href=\"").append(escape(link)).append("\" rel=\"noopener noreferrer nofollow\">");
            end.insert(0, "</a>");
        }
        for (Mark mark : Mark.values()) {
            if (span.marks().contains(mark)) {
                String element = switch (mark) {
                    case BOLD -> "strong";
                    case ITALIC -> "em";
                    case UNDERLINE -> "u";
                    case STRIKE -> "s";
                    case CODE -> "code";
                };
                html.append('<').append(element).append('>');
                end.insert(0, "</" + element + ">");
            }
        }
        html.append(escape(span.text()).replace("\n", "<br>")).append(end);
    }

    private static String escape(String text) {
        StringBuilder safe = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                case '\'' -> safe.append("&#39;");
                default -> safe.append(c);
            }
        }
        return safe.toString();
    }
}
