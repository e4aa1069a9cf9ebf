package io.keck.api;

import io.keck.crdt.AbstractType;
import io.keck.crdt.Root;
import io.keck.crdt.TextRuns;
import io.keck.crdt.YText;
import io.keck.crdt.YXmlElement;
import io.keck.crdt.YXmlFragment;
import io.keck.crdt.YXmlHook;
import io.keck.crdt.YXmlText;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Roots as values that {@link JsonText} writes piece by piece: texts as deltas, XML as nodes. Each value can be written
 * once, in the document's turns. Stateless.
 *
 * <pre>
 *   element  {"element":"p","attributes":{...},"children":[...]}
 *   text     {"text":[{"insert":"...","attributes":{...}}],"attributes":{...}}
 *   fragment {"children":[...]}
 * </pre>
 */
final class RootJson {
    private RootJson() {}

    /** The type that a client names; refuses others with 400. */
    static NamedTypes type(String name) {
        for (NamedTypes type : NamedTypes.values()) {
            if (type.name().toLowerCase(Locale.ROOT).equals(name)) {
                return type;
            }
        }
        throw Refusal.bad("type is \"text\", \"map\", \"array\" or \"xml\".");
    }

    /** The type that the content of a root shows; null if it never had any, or it is no longer known. */
    static @Nullable NamedTypes kind(Root root) {
        return switch (root.lastKind()) {
            case MAP -> NamedTypes.MAP;
            case ARRAY -> NamedTypes.ARRAY;
            case TEXT -> NamedTypes.TEXT;
            case XML -> NamedTypes.XML;
            case LIST, NONE -> null;
        };
    }

    /** The name of that type; null for a list that was emptied before this node loaded the document. */
    static @Nullable String type(Root root) {
        NamedTypes kind = kind(root);
        return kind == null ? null : kind.name().toLowerCase(Locale.ROOT);
    }

    /** A root with its content. */
    static Map<String, @Nullable Object> of(String name, NamedTypes type, @Nullable Root root) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("type", type.name().toLowerCase(Locale.ROOT));
        switch (type) {
            case TEXT ->
                json.put(
                        "delta",
                        root == null ? List.of() : new Steps(root.asText().runs()));
            case MAP -> json.put("value", root == null ? Map.of() : root.asMap());
            case ARRAY -> json.put("value", root == null ? List.of() : root.asArray());
            case XML -> json.put("children", root == null ? List.of() : children(root.asXml()));
        }
        return json;
    }

    private static Iterable<@Nullable Object> children(YXmlFragment parent) {
        return () -> {
            Iterator<@Nullable Object> nodes = parent.elements();
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return nodes.hasNext();
                }

                @Override
                public @Nullable Object next() {
                    return node(nodes.next());
                }
            };
        };
    }

    /** A node of XML, or what stands in its place. */
    private static @Nullable Object node(@Nullable Object value) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        if (value instanceof YXmlElement element) {
            json.put("element", element.nodeName());
            put(json, element.getAttributes());
            json.put("children", children(element));
        } else if (value instanceof YXmlFragment fragment) {
            json.put("children", children(fragment));
        } else if (value instanceof YXmlText text) {
            json.put("text", new Steps(text.runs()));
            put(json, text.getAttributes());
        } else if (value instanceof YXmlHook hook) {
            json.put("hook", hook);
        } else if (value instanceof YText text) {
            json.put("text", new Steps(text.runs()));
        } else if (value instanceof AbstractType) {
            json.put("value", value);
        } else {
            return value;
        }
        return json;
    }

    private static void put(Map<String, @Nullable Object> json, Map<String, @Nullable Object> attributes) {
        if (!attributes.isEmpty()) {
            json.put("attributes", attributes);
        }
    }

    /** The operations of a delta, to be iterated once; each must be consumed before the next is requested. */
    record Steps(TextRuns runs) implements Iterable<Object> {
        @Override
        public Iterator<Object> iterator() {
            return new Iterator<>() {
                private boolean isAhead;
                private boolean hasNext;

                @Override
                public boolean hasNext() {
                    if (!isAhead) {
                        isAhead = true;
                        hasNext = runs.next();
                    }
                    return hasNext;
                }

                @Override
                public Object next() {
                    if (!hasNext()) {
                        throw new NoSuchElementException();
                    }
                    isAhead = false;
                    return step();
                }
            };
        }

        private Map<String, @Nullable Object> step() {
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("insert", runs.isText() ? new JsonText.Pieces(pieces()) : runs.value());
            if (!runs.attributes().isEmpty()) {
                json.put("attributes", runs.attributes());
            }
            return json;
        }

        private Iterator<String> pieces() {
            return new Iterator<>() {
                private @Nullable String next;

                @Override
                public boolean hasNext() {
                    next = next == null ? runs.piece() : next;
                    return next != null;
                }

                @Override
                public String next() {
                    if (!hasNext()) {
                        throw new NoSuchElementException();
                    }
                    String now = Objects.requireNonNull(next);
                    next = null;
                    return now;
                }
            };
        }
    }
}
