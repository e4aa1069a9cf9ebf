package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.JsonNumber;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Prints XML types as text, exactly as Yjs does; nothing is escaped. Text and formats that stand directly in an element
 * or a fragment, as in documents of Yjs 14 and in roots that are texts, are printed as in an XML text. Does not
 * recurse, however deep types nest. Source: Yjs {@code YXmlElement.js}, {@code YXmlText.js}.
 */
final class XmlText {
    private static final String NOT_PRINTABLE = "[object Object]";

    private XmlText() {}

    static String of(AbstractType root) {
        StringBuilder out = new StringBuilder();
        ArrayDeque<Object> todo = new ArrayDeque<>();
        todo.push(root);
        while (!todo.isEmpty()) {
            Object next = todo.pop();
            if (next instanceof YXmlElement element) {
                String name = element.nodeName().toLowerCase(Locale.ROOT);
                out.append('<').append(name);
                new TreeMap<>(element.getAttributes()).forEach((key, value) -> attribute(out, key, value));
                out.append('>');
                todo.push("</" + name + ">");
                push(todo, TextDelta.withValues(element.branch));
            } else if (next instanceof YXmlFragment fragment) {
                push(todo, TextDelta.withValues(fragment.branch));
            } else if (next instanceof YXmlText text) {
                push(todo, text.toDelta());
            } else if (next instanceof Delta.Insert insert) {
                run(out, todo, insert);
            } else {
                out.append(print(next));
            }
        }
        return out.toString();
    }

    private static void push(ArrayDeque<Object> todo, List<Delta> steps) {
        for (int i = steps.size() - 1; i >= 0; i--) {
            todo.push(steps.get(i));
        }
    }

    /** Prints text with its formats as elements around it. */
    private static void run(StringBuilder out, ArrayDeque<Object> todo, Delta.Insert insert) {
        Map<String, @Nullable Object> nodes = new TreeMap<>(insert.attributes());
        StringBuilder end = new StringBuilder();
        nodes.forEach((name, value) -> {
            out.append('<').append(name);
            members(value).forEach((key, member) -> attribute(out, key, member));
            out.append('>');
            end.insert(0, "</" + name + ">");
        });
        todo.push(end.toString());
        Object value = insert.value();
        todo.push(value == null ? "null" : value);
    }

    private static void attribute(StringBuilder out, String key, @Nullable Object value) {
        out.append(' ').append(key).append("=\"").append(print(value)).append('"');
    }

    /** The keys and members that a JavaScript loop over the keys of a value visits. */
    private static Map<String, @Nullable Object> members(@Nullable Object value) {
        Map<String, @Nullable Object> members = new TreeMap<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, member) -> members.put((String) key, member));
        } else if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                members.put(String.valueOf(i), list.get(i));
            }
        } else if (value instanceof String string) {
            for (int i = 0; i < string.length(); i++) {
                members.put(String.valueOf(i), string.substring(i, i + 1));
            }
        }
        return members;
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
