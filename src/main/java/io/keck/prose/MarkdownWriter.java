package io.keck.prose;

import io.keck.prose.Block.Kind;
import io.keck.prose.Span.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Writes blocks as Markdown. Used by one thread. Source: CommonMark 0.31, GitHub Flavored Markdown for tables and tasks. */
final class MarkdownWriter {
    private static final String ALWAYS = "\\`*_[]<>&~|";
    private static final String AT_START = "#>-+=";

    private final Consumer<String> out;

    MarkdownWriter(Consumer<String> out) {
        this.out = out;
    }

    void write(List<Block> blocks) {
        write(blocks, new Lines(out));
    }

    /** Writes lines with a prefix. An empty line is written only once another line follows. */
    private static final class Lines {
        private final Consumer<String> out;
        private String before = "";
        /** The prefix of the next line, if it differs from {@link #before}. */
        private @Nullable String first;

        private boolean isEmpty = true;
        private boolean isGapDue;

        Lines(Consumer<String> out) {
            this.out = out;
        }

        void line(String text) {
            if (isGapDue && !isEmpty) {
                out.accept(before.stripTrailing() + "\n");
            }
            isGapDue = false;
            isEmpty = false;
            String start = first == null ? before : first;
            first = null;
            out.accept((start + text).stripTrailing() + "\n");
        }

        void gap() {
            isGapDue = first == null;
        }

        /**
         * Writes lines with a longer prefix: {@code more} is added for each line, {@code mark} instead for the first
         * one.
         */
        void within(String mark, String more, Runnable inside) {
            if (isGapDue && !isEmpty) {
                out.accept(before.stripTrailing() + "\n");
                isGapDue = false;
            }
            String outer = before;
            first = (first == null ? outer : first) + mark;
            before = outer + more;
            inside.run();
            if (first != null) {
                line("");
            }
            before = outer;
        }
    }

    private void write(List<Block> blocks, Lines lines) {
        Kind last = null;
        int number = 0;
        for (Block block : blocks) {
            Kind kind = block.kind();
            boolean goesOn = kind == last && kind.isItem();
            if (!goesOn) {
                lines.gap();
            }
            number = kind == Kind.NUMBERED ? number + 1 : 0;
            block(block, number, lines);
            last = kind;
        }
        lines.gap();
    }

    private void block(Block block, int number, Lines lines) {
        switch (block.kind()) {
            case GROUP -> write(block.children(), lines);
            case RULE -> lines.line("---");
            case HEADING -> {
                lines.line(
                        "#".repeat(block.level()) + " " + inline(block.spans()).replace("\\\n", " "));
                below(block, lines);
            }
            case QUOTE -> lines.within("> ", "> ", () -> content(block, lines));
            case CODE -> code(block, lines);
            case BULLET -> lines.within("- ", "  ", () -> content(block, lines));
            case CHECK -> lines.within(block.level() == 1 ? "- [x] " : "- [ ] ", "  ", () -> content(block, lines));
            case NUMBERED -> {
                String mark = number + ". ";
                lines.within(mark, " ".repeat(mark.length()), () -> content(block, lines));
            }
            case TABLE -> table(block, lines);
            case PARAGRAPH, ROW, CELL -> {
                paragraph(block.spans(), lines);
                below(block, lines);
            }
        }
    }

    private void content(Block block, Lines lines) {
        if (!block.spans().isEmpty()) {
            paragraph(block.spans(), lines);
        }
        if (block.kind() == Kind.QUOTE && !block.spans().isEmpty()) {
            below(block, lines);
        } else {
            items(block.children(), lines);
        }
    }

    /** Writes the children of an item: a list directly follows the item's text, anything else follows an empty line. */
    private void items(List<Block> children, Lines lines) {
        if (!children.isEmpty() && children.get(0).kind().isItem()) {
            Kind last = null;
            int number = 0;
            for (Block child : children) {
                if (last != null && child.kind() != last) {
                    lines.gap();
                }
                number = child.kind() == Kind.NUMBERED ? number + 1 : 0;
                block(child, number, lines);
                last = child.kind();
            }
        } else if (!children.isEmpty()) {
            write(children, lines);
        }
    }

    private void below(Block block, Lines lines) {
        if (!block.children().isEmpty()) {
            write(block.children(), lines);
        }
    }

    private static void paragraph(List<Span> spans, Lines lines) {
        for (String line : inline(spans).split("\n", -1)) {
            lines.line(line);
        }
    }

    private static void code(Block block, Lines lines) {
        String text = block.plain();
        String fence = "`".repeat(Math.max(3, longest(text) + 1));
        lines.line(fence + block.info().replaceAll("[`\\s].*", ""));
        for (String line : text.split("\n", -1)) {
            lines.line(line);
        }
        lines.line(fence);
    }

    private static int longest(String text) {
        int longest = 0;
        int now = 0;
        for (int i = 0; i < text.length(); i++) {
            now = text.charAt(i) == '`' ? now + 1 : 0;
            longest = Math.max(longest, now);
        }
        return longest;
    }

    private static void table(Block table, Lines lines) {
        int columns = table.children().stream()
                .mapToInt(row -> row.children().size())
                .max()
                .orElse(0);
        boolean isFirst = true;
        for (Block row : table.children()) {
            StringBuilder line = new StringBuilder("|");
            for (int i = 0; i < columns; i++) {
                String cell =
                        i < row.children().size() ? inline(row.children().get(i).spans()) : "";
                line.append(' ').append(cell.replace("\\\n", "<br>")).append(" |");
            }
            lines.line(line.toString());
            if (isFirst) {
                lines.line("|" + " --- |".repeat(columns));
                isFirst = false;
            }
        }
    }

    // ------------------------------------------------------------------ text

    private static String inline(List<Span> spans) {
        StringBuilder out = new StringBuilder();
        for (Span span : merged(spans)) {
            switch (span.kind()) {
                case BREAK -> out.append("\\\n");
                case IMAGE -> image(span, out);
                case TEXT -> text(span, out);
            }
        }
        return out.toString();
    }

    /** Joins neighbouring runs with the same marks. */
    private static List<Span> merged(List<Span> spans) {
        List<Span> merged = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < spans.size(); i++) {
            Span span = spans.get(i);
            if (span.kind() != Span.Kind.TEXT) {
                merged.add(span);
                continue;
            }
            text.append(span.text());
            if (i + 1 == spans.size() || !isSame(span, spans.get(i + 1))) {
                merged.add(Span.text(text.toString(), span.marks(), span.link()));
                text.setLength(0);
            }
        }
        return merged;
    }

    private static boolean isSame(Span one, Span next) {
        return next.kind() == Span.Kind.TEXT
                && one.marks().equals(next.marks())
                && Objects.equals(one.link(), next.link());
    }

    private static void image(Span span, StringBuilder out) {
        String address = Addresses.image(span.link());
        if (address == null) {
            out.append(escape(span.text(), out.length() == 0));
        } else {
            out.append("![")
                    .append(escape(span.text(), false))
                    .append("](")
                    .append(target(address))
                    .append(')');
        }
    }

    private static String target(String address) {
        return "<" + address.replace("<", "%3C").replace(">", "%3E").replace("\\", "%5C") + ">";
    }

    private static void text(Span span, StringBuilder out) {
        String text = span.text();
        int from = 0;
        int to = text.length();
        // Markdown does not recognise a mark next to a space, so spaces stay outside
        while (from < to && Character.isWhitespace(text.charAt(from))) {
            from++;
        }
        while (to > from && Character.isWhitespace(text.charAt(to - 1))) {
            to--;
        }
        boolean isStart = out.length() == 0 || out.charAt(out.length() - 1) == '\n';
        if (!isStart) {
            out.append(escape(text.substring(0, from), false));
        }
        if (from < to) {
            String link = Addresses.link(span.link());
            out.append(link == null ? "" : "[");
            marked(text.substring(from, to), span.marks(), isStart && link == null, out);
            out.append(link == null ? "" : "](" + target(link) + ")");
        }
        out.append(escape(text.substring(to), false));
    }

    private static void marked(String text, Set<Mark> marks, boolean isStart, StringBuilder out) {
        StringBuilder end = new StringBuilder();
        mark(marks.contains(Mark.UNDERLINE), "<u>", "</u>", out, end);
        mark(marks.contains(Mark.STRIKE), "~~", "~~", out, end);
        mark(marks.contains(Mark.BOLD), "**", "**", out, end);
        mark(marks.contains(Mark.ITALIC), "*", "*", out, end);
        if (marks.contains(Mark.CODE)) {
            String fence = "`".repeat(longest(text) + 1);
            String space = text.startsWith("`") || text.endsWith("`") ? " " : "";
            out.append(fence)
                    .append(space)
                    .append(text.replace('\n', ' '))
                    .append(space)
                    .append(fence);
        } else {
            out.append(escape(text, isStart && end.length() == 0));
        }
        out.append(end);
    }

    private static void mark(boolean isSet, String begin, String end, StringBuilder out, StringBuilder ends) {
        if (isSet) {
            out.append(begin);
            ends.insert(0, end);
        }
    }

    /** Escapes the characters that Markdown would interpret. */
    private static String escape(String text, boolean isStartOfLine) {
        StringBuilder safe = new StringBuilder(text.length() + 16);
        boolean isStart = isStartOfLine;
        int digits = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                safe.append("\\\n");
                isStart = true;
                digits = 0;
                continue;
            }
            boolean endsNumber = digits > 0 && isStart && (c == '.' || c == ')');
            if (ALWAYS.indexOf(c) >= 0 || (isStart && digits == 0 && AT_START.indexOf(c) >= 0) || endsNumber) {
                safe.append('\\');
            }
            safe.append(c);
            boolean isDigit = c >= '0' && c <= '9';
            digits = isStart && isDigit ? digits + 1 : 0;
            isStart = isStart && (isDigit || Character.isWhitespace(c));
        }
        return safe.toString();
    }
}
