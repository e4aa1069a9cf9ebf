package io.keck.crdt.lib0;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Converts JSON text to values and back, exactly as JavaScript's {@code JSON.parse} and {@code JSON.stringify}: Yjs
 * puts formats and embeds on the wire that way, and replicas compare bytes. Values are those of {@link Any}.
 * {@link AnyJson} converts between the two encodings without building values, but cannot keep the lone surrogates that
 * JSON may spell. Stateless; nothing here recurses. Source: ECMA-262, 25.5.
 */
public final class JsonValue {
    private JsonValue() {}

    /**
     * Reads one JSON text.
     *
     * @return null, a Boolean, Double or String, or an unmodifiable List or Map, keys in the order of the text
     * @throws DecodeException if it is not JSON
     */
    public static @Nullable Object parse(String json) {
        return switch (json) {
            case "null" -> null;
            case "true" -> true;
            case "false" -> false;
            default -> {
                byte[] utf8 = utf8(json);
                Json.check(utf8, 0, utf8.length, Integer.MAX_VALUE);
                yield new Parser(json).parse();
            }
        };
    }

    private static byte[] utf8(String s) {
        Encoder out = new Encoder(s.length() + 8);
        for (int i = 0; i < s.length(); i++) {
            out.writeCodePoint(s.charAt(i)); // a pair becomes two replacement characters: only the syntax is checked
        }
        return out.toByteArray();
    }

    /** Reads text that was checked before. */
    private static final class Parser {
        private final String s;
        private int i;

        Parser(String s) {
            this.s = s;
        }

        private record Open(@Nullable Map<String, @Nullable Object> map, List<@Nullable Object> list) {}

        @Nullable
        Object parse() {
            ArrayDeque<Open> open = new ArrayDeque<>();
            ArrayDeque<String> keys = new ArrayDeque<>();
            while (true) {
                char c = peek();
                Object value;
                if (c == '{' || c == '[') {
                    i++;
                    Open container = new Open(c == '{' ? new LinkedHashMap<>() : null, new ArrayList<>());
                    if (peek() != (c == '{' ? '}' : ']')) {
                        open.push(container);
                        key(container, keys);
                        continue;
                    }
                    i++;
                    value = close(container);
                } else {
                    value = scalar(c);
                }
                while (true) {
                    Open top = open.peek();
                    if (top == null) {
                        return value;
                    }
                    if (top.map != null) {
                        top.map.put(keys.pop(), value);
                    } else {
                        top.list.add(value);
                    }
                    char next = peek();
                    i++;
                    if (next == ',') {
                        key(top, keys);
                        break;
                    }
                    value = close(open.pop());
                }
            }
        }

        private static Object close(Open container) {
            return container.map != null
                    ? Collections.unmodifiableMap(container.map)
                    : Collections.unmodifiableList(container.list);
        }

        private void key(Open container, ArrayDeque<String> keys) {
            if (container.map != null) {
                peek();
                keys.push(string());
                peek();
                i++; // the colon
            }
        }

        private char peek() {
            while (i < s.length() && s.charAt(i) <= ' ') {
                i++;
            }
            return i < s.length() ? s.charAt(i) : 0;
        }

        private @Nullable Object scalar(char c) {
            return switch (c) {
                case '"' -> string();
                case 't' -> word(4, true);
                case 'f' -> word(5, false);
                case 'n' -> word(4, null);
                default -> number();
            };
        }

        private @Nullable Object word(int length, @Nullable Boolean value) {
            i += length;
            return value;
        }

        private Double number() {
            int from = i;
            while (i < s.length() && "+-.eE0123456789".indexOf(s.charAt(i)) >= 0) {
                i++;
            }
            return Double.valueOf(s.substring(from, i));
        }

        private String string() {
            int from = ++i;
            while (s.charAt(i) != '"' && s.charAt(i) != '\\') {
                i++;
            }
            if (s.charAt(i) == '"') {
                return s.substring(from, i++);
            }
            StringBuilder out = new StringBuilder().append(s, from, i);
            while (s.charAt(i) != '"') {
                char c = s.charAt(i++);
                out.append(c == '\\' ? escaped() : c);
            }
            i++;
            return out.toString();
        }

        private char escaped() {
            char c = s.charAt(i++);
            return switch (c) {
                case 'u' -> {
                    i += 4;
                    yield (char) Integer.parseInt(s, i - 4, i, 16);
                }
                case 'b' -> '\b';
                case 'f' -> '\f';
                case 'n' -> '\n';
                case 'r' -> '\r';
                case 't' -> '\t';
                default -> c;
            };
        }
    }

    private record Level(Iterator<?> elements, boolean object) {}

    /**
     * Writes one value without spaces. Undefined is left out of objects and is null in arrays, a number that is not
     * finite is null, bytes are an object with their indexes as keys.
     *
     * @throws IllegalArgumentException if the value is, or contains, a value without a JSON form: a BigInteger, or
     *     undefined by itself
     */
    public static String write(@Nullable Object value) {
        if (value == null || value instanceof Boolean) {
            return String.valueOf(value);
        }
        if (value == Any.UNDEFINED) {
            throw new IllegalArgumentException("undefined has no JSON form");
        }
        StringBuilder out = new StringBuilder();
        ArrayDeque<Level> open = new ArrayDeque<>();
        Object next = value;
        while (true) {
            if (next instanceof Map<?, ?> map) {
                out.append('{');
                open.push(new Level(
                        map.entrySet().stream()
                                .filter(e -> e.getValue() != Any.UNDEFINED)
                                .iterator(),
                        true));
            } else if (next instanceof List<?> list) {
                out.append('[');
                open.push(new Level(list.iterator(), false));
            } else {
                writeScalar(out, next);
            }
            boolean first = last(out) == '{' || last(out) == '[';
            while (!open.isEmpty() && !open.element().elements.hasNext()) {
                out.append(open.pop().object ? '}' : ']');
                first = false;
            }
            if (open.isEmpty()) {
                return out.toString();
            }
            if (!first) {
                out.append(',');
            }
            next = open.element().elements.next();
            if (open.element().object) {
                Map.Entry<?, ?> entry = (Map.Entry<?, ?>) next;
                writeString(out, (String) entry.getKey());
                out.append(':');
                next = entry.getValue();
            }
        }
    }

    /**
     * The last character written, or 0. It is an opening bracket only for a container without elements: a string ends
     * with a quote.
     */
    private static char last(StringBuilder out) {
        return out.length() == 0 ? 0 : out.charAt(out.length() - 1);
    }

    private static void writeScalar(StringBuilder out, @Nullable Object value) {
        if (value == null || value == Any.UNDEFINED) {
            out.append("null");
        } else if (value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof String string) {
            writeString(out, string);
        } else if (value instanceof java.math.BigInteger) {
            throw new IllegalArgumentException("a BigInteger has no JSON form");
        } else if (value instanceof Number number) {
            out.append(JsonNumber.print(number.doubleValue()));
        } else if (value instanceof byte[] bytes) {
            out.append('{');
            for (int i = 0; i < bytes.length; i++) {
                out.append(i == 0 ? "\"" : ",\"").append(i).append("\":").append(bytes[i] & 0xff);
            }
            out.append('}');
        } else {
            throw new IllegalArgumentException("not a JavaScript value: " + value.getClass());
        }
    }

    private static void writeString(StringBuilder out, String s) {
        out.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c >= ' ' && !Character.isSurrogate(c)) {
                out.append(c);
            } else if (Character.isHighSurrogate(c)
                    && i + 1 < s.length()
                    && Character.isLowSurrogate(s.charAt(i + 1))) {
                out.append(c).append(s.charAt(++i));
            } else {
                int known = "\b\f\n\r\t".indexOf(c);
                out.append('\\');
                if (known >= 0) {
                    out.append("bfnrt".charAt(known));
                } else {
                    out.append('u');
                    for (int shift = 12; shift >= 0; shift -= 4) {
                        out.append(Character.forDigit(c >> shift & 0xf, 16));
                    }
                }
            }
        }
        out.append('"');
    }
}
