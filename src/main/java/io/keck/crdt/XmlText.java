package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.JsonNumber;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Prints XML types as text, exactly as Yjs does; nothing is escaped. Text and formats directly in an element
 * or a fragment, as in documents of Yjs 14 and in roots that are texts, are printed as in an XML text. Does not
 * recurse, however deep types nest. Source: Yjs {@code YXmlElement.js}, {@code YXmlText.js}.
 */
final class XmlText {
    private static final String NOT_PRINTABLE = "[object Object]";
    /** Code units after which a piece is passed on. */
    private static final int PIECE = TextRuns.PIECE;

    private final @Nullable Doc doc;
    private final ArrayDeque<Object> todo = new ArrayDeque<>();
    private final StringBuilder out = new StringBuilder();

    private XmlText(AbstractType root) {
        doc = root.doc();
        todo.push(root);
    }

    /** A run of text that is being printed, and the text to print after it. */
    private record Text(TextRuns runs, String end) {}

    static String of(AbstractType root) {
        StringBuilder all = new StringBuilder();
        pieces(root).forEachRemaining(all::append);
        return all.toString();
    }

    static Iterator<String> pieces(AbstractType root) {
        XmlText text = new XmlText(root);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return text.fill();
            }

            @Override
            public String next() {
                if (!text.fill()) {
                    throw new NoSuchElementException();
                }
                String piece = text.out.toString();
                text.out.setLength(0);
                return piece;
            }
        };
    }

    /** Prints until a piece is full; returns whether there is one. */
    private boolean fill() {
        while (out.length() < PIECE && !todo.isEmpty()) {
            print();
        }
        return out.length() > 0;
    }

    private void print() {
        Object next = todo.pop();
        if (next instanceof YXmlElement element) {
            String name = element.nodeName().toLowerCase(Locale.ROOT);
            todo.push("</" + name + ">");
            todo.push(new TextRuns(element.branch, true));
            todo.push(">");
            todo.push(new Members(element.getAttributes()));
            out.append('<').append(name);
        } else if (next instanceof YXmlFragment fragment) {
            todo.push(new TextRuns(fragment.branch, true));
        } else if (next instanceof YXmlText text) {
            todo.push(text.runs());
        } else if (next instanceof TextRuns runs) {
            if (runs.next()) {
                todo.push(runs);
                run(runs);
            }
        } else if (next instanceof Text text) {
            String piece = text.runs.piece();
            if (piece == null) {
                out.append(text.end);
            } else {
                todo.push(text);
                out.append(piece);
            }
        } else if (next instanceof Members members) {
            if (members.print(out)) {
                todo.push(members);
            }
            count();
        } else {
            out.append(print(next));
        }
    }

    private void count() {
        if (doc != null) {
            doc.walk(1);
        }
    }

    /** Prints a run with its formats as elements around it. */
    private void run(TextRuns runs) {
        TreeMap<String, @Nullable Object> nodes = new TreeMap<>(runs.attributes());
        StringBuilder end = new StringBuilder();
        nodes.descendingKeySet().forEach(name -> end.append("</").append(name).append('>'));
        if (runs.isText()) {
            todo.push(new Text(runs, end.toString()));
        } else {
            todo.push(end.toString());
            Object value = runs.value();
            todo.push(value == null ? "null" : value);
        }
        nodes.descendingMap().forEach((name, value) -> {
            todo.push(">");
            todo.push(new Members(value));
            todo.push("<" + name);
            count();
        });
    }

    /**
     * The members that a JavaScript loop over the keys of a value visits, printed as attributes, in the order of the
     * keys as strings. The indexes of a string or a list are generated in that order rather than sorted: 0, 1, 10, 100,
     * 101, 11, 2.
     */
    private static final class Members {
        private final Iterator<? extends Map.Entry<?, ?>> keys;
        private final @Nullable Object indexed;
        private final int length;
        private int index;

        Members(@Nullable Object value) {
            this.keys = value instanceof Map<?, ?> map
                    ? new TreeMap<>(map).entrySet().iterator()
                    : Collections.emptyIterator();
            this.indexed = value;
            this.length = value instanceof List<?> list ? list.size() : value instanceof String s ? s.length() : 0;
        }

        /** Prints the next member; returns false if there is none. */
        boolean print(StringBuilder out) {
            if (keys.hasNext()) {
                Map.Entry<?, ?> next = keys.next();
                attribute(out, (String) next.getKey(), next.getValue());
                return true;
            }
            if (index >= length) {
                return false;
            }
            attribute(
                    out,
                    String.valueOf(index),
                    indexed instanceof List<?> list
                            ? list.get(index)
                            : String.valueOf(((String) Objects.requireNonNull(indexed)).charAt(index)));
            index = next(index, length);
            return true;
        }

        /**
         * The number below {@code length} that follows {@code index} when numbers are sorted as strings; {@code length}
         * if none does.
         */
        private static int next(int index, int length) {
            if (index > 0 && index * 10L < length) {
                return index * 10;
            }
            int at = index;
            while (at % 10 == 9 || at + 1 >= length) {
                if (at < 10) {
                    return length;
                }
                at /= 10;
            }
            return at + 1;
        }
    }

    private static void attribute(StringBuilder out, String key, @Nullable Object value) {
        out.append(' ').append(key).append("=\"").append(print(value)).append('"');
    }

    /** Converts a value to a string as JavaScript does. */
    private static String print(@Nullable Object value) {
        if (value instanceof YText text) {
            return text.toString();
        }
        if (value instanceof Double number) {
            if (number.isNaN() || number.isInfinite()) {
                return number.toString();
            }
            return JsonNumber.print(number);
        }
        if (value instanceof byte[] bytes) {
            StringBuilder out = new StringBuilder();
            for (byte b : bytes) {
                out.append(out.length() == 0 ? "" : ",").append(b & 0xff);
            }
            return out.toString();
        }
        if (value instanceof List<?> list) {
            return join(list);
        }
        boolean plain = value == null
                || value == Any.UNDEFINED
                || value instanceof String
                || value instanceof Boolean
                || value instanceof Number;
        return plain ? String.valueOf(value) : NOT_PRINTABLE;
    }

    /** Joins the elements with commas; lists among them are replaced by their elements. */
    private static String join(List<?> list) {
        StringBuilder out = new StringBuilder();
        ArrayDeque<Iterator<?>> open = new ArrayDeque<>(List.of(list.iterator()));
        boolean first = true;
        while (!open.isEmpty()) {
            if (!open.element().hasNext()) {
                open.pop();
                first = false;
                continue;
            }
            Object element = open.element().next();
            out.append(first ? "" : ",");
            first = element instanceof List;
            if (element instanceof List<?> inner) {
                open.push(inner.iterator());
            } else if (element != null && element != Any.UNDEFINED) {
                out.append(print(element));
            }
        }
        return out.toString();
    }
}
