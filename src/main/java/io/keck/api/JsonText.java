package io.keck.api;

import io.keck.crdt.AbstractType;
import io.keck.crdt.Doc;
import io.keck.crdt.YArray;
import io.keck.crdt.YMap;
import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.JsonNumber;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values and shared types as JSON text in UTF-8, without spaces: maps and arrays with all that is in them, texts as
 * strings, XML as its string form, bytes as an array of numbers, a subdocument as its guid, numbers as JavaScript prints
 * them. What is undefined is left out of objects and null elsewhere. Does not recurse, however deep types nest. Stateless.
 */
final class JsonText {
    /** A container that is being written. */
    private record Level(Iterator<?> elements, boolean object) {}

    private final Utf8Buffer out = new Utf8Buffer();
    private final ArrayDeque<Level> open = new ArrayDeque<>();

    private JsonText() {}

    static byte[] of(@Nullable Object value) {
        JsonText text = new JsonText();
        text.write(value);
        return text.out.toByteArray();
    }

    private void write(@Nullable Object value) {
        begin(value);
        boolean first = true;
        while (!open.isEmpty()) {
            Level level = open.element();
            if (!level.elements.hasNext()) {
                out.ascii(level.object ? '}' : ']');
                open.pop();
                first = false;
                continue;
            }
            Object next = level.elements.next();
            if (next instanceof Map.Entry<?, ?> entry && level.object) {
                if (entry.getValue() == Any.UNDEFINED) {
                    continue;
                }
                comma(first);
                string((String) entry.getKey());
                out.ascii(':');
                next = entry.getValue();
            } else {
                comma(first);
            }
            int depth = open.size();
            begin(next);
            first = open.size() > depth;
        }
    }

    private void comma(boolean first) {
        if (!first) {
            out.ascii(',');
        }
    }

    /** Writes a scalar, or opens a container. */
    private void begin(@Nullable Object value) {
        if (value instanceof YMap map) {
            open(map.toMap().entrySet().iterator(), true);
        } else if (value instanceof YArray array) {
            open(array.toList().iterator(), false);
        } else if (value instanceof Map<?, ?> map) {
            open(map.entrySet().iterator(), true);
        } else if (value instanceof List<?> list) {
            open(list.iterator(), false);
        } else if (value instanceof AbstractType type) {
            string(type.toString());
        } else if (value instanceof Doc doc) {
            string(doc.guid());
        } else if (value instanceof byte[] bytes) {
            bytes(bytes);
        } else if (value instanceof String string) {
            string(string);
        } else if (value instanceof Boolean || value instanceof BigInteger) {
            out.ascii(value.toString());
        } else if (value instanceof Number number) {
            out.ascii(JsonNumber.print(number.doubleValue()));
        } else {
            out.ascii("null");
        }
    }

    private void open(Iterator<?> elements, boolean object) {
        out.ascii(object ? '{' : '[');
        open.push(new Level(elements, object));
    }

    private void bytes(byte[] bytes) {
        out.ascii('[');
        for (int i = 0; i < bytes.length; i++) {
            if (i > 0) {
                out.ascii(',');
            }
            out.ascii(Integer.toString(bytes[i] & 0xff));
        }
        out.ascii(']');
    }

    private void string(String s) {
        out.ascii('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '"' || c == '\\') {
                out.ascii('\\');
                out.ascii(c);
            } else if (c >= ' ') {
                i += out.codePoint(s, i);
            } else {
                escape(c);
            }
        }
        out.ascii('"');
    }

    private void escape(char c) {
        int known = "\b\f\n\r\t".indexOf(c);
        out.ascii('\\');
        if (known >= 0) {
            out.ascii("bfnrt".charAt(known));
        } else {
            out.ascii("u00");
            out.ascii(Character.forDigit(c >> 4, 16));
            out.ascii(Character.forDigit(c & 0xf, 16));
        }
    }
}
