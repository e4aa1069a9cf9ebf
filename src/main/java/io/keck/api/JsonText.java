package io.keck.api;

import io.keck.crdt.Doc;
import io.keck.crdt.YArray;
import io.keck.crdt.YMap;
import io.keck.crdt.YText;
import io.keck.crdt.YXmlFragment;
import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.JsonNumber;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values and shared types as JSON text in UTF-8, without spaces: maps and arrays with all that is in them, texts as
 * strings, XML as its string form, bytes as an array of numbers, a subdocument as its guid, numbers as JavaScript prints
 * them. What is undefined is left out of objects and null elsewhere. Does not recurse, however deep types nest. Stateless.
 */
final class JsonText {
    /** What {@link Level} is. */
    private enum Kind {
        OBJECT('}'),
        ARRAY(']'),
        STRING('"');

        final char end;

        Kind(char end) {
            this.end = end;
        }
    }

    /** A container, or a string in pieces, that is being written. */
    private static final class Level {
        final Iterator<?> elements;
        final Kind kind;
        boolean isFirst = true;

        Level(Iterator<?> elements, Kind kind) {
            this.elements = elements;
            this.kind = kind;
        }
    }

    /** A string in pieces; a surrogate pair may be cut between two of them. */
    record Pieces(Iterator<String> pieces) {}

    /** What is JSON already; in an array, nothing for no element, and several elements with commas between them. */
    record Raw(String json) {}

    private final Utf8Buffer out;
    private final ArrayDeque<Level> open = new ArrayDeque<>();
    /** The first half of a surrogate pair, whose second half begins the next piece; 0 for none. */
    private char half;

    private JsonText(Utf8Buffer out) {
        this.out = out;
    }

    /** Writes a small value. */
    static byte[] of(@Nullable Object value) {
        Utf8Buffer all = new Utf8Buffer();
        JsonText text = new JsonText(all);
        text.begin(value);
        boolean isLeft = true;
        while (isLeft) {
            isLeft = text.goOn();
        }
        return all.toByteArray();
    }

    /** Starts writing a value, which {@link #goOn} continues. */
    static JsonText begin(@Nullable Object value, Utf8Buffer out) {
        JsonText text = new JsonText(out);
        text.begin(value);
        return text;
    }

    /** Writes one value, or a piece of a string; whether something may be left. */
    boolean goOn() {
        Level level = open.peek();
        if (level == null) {
            return false;
        }
        if (!level.elements.hasNext()) {
            endOfString();
            out.ascii(level.kind.end);
            open.pop();
            return true;
        }
        Object next = level.elements.next();
        if (level.kind == Kind.STRING) {
            characters((String) next);
            return true;
        }
        if (next instanceof Map.Entry<?, ?> entry && level.kind == Kind.OBJECT) {
            if (entry.getValue() == Any.UNDEFINED) {
                return true;
            }
            comma(level.isFirst);
            string((String) entry.getKey());
            out.ascii(':');
            next = entry.getValue();
        } else if (next instanceof Raw raw && raw.json.isEmpty()) {
            return true;
        } else {
            comma(level.isFirst);
        }
        level.isFirst = false;
        begin(next);
        return true;
    }

    private void comma(boolean first) {
        if (!first) {
            out.ascii(',');
        }
    }

    /** Writes a scalar, or opens a container or a string in pieces. */
    private void begin(@Nullable Object value) {
        if (value instanceof YMap map) {
            open(map.entries(), Kind.OBJECT);
        } else if (value instanceof YArray array) {
            open(array.elements(), Kind.ARRAY);
        } else if (value instanceof Map<?, ?> map) {
            open(map.entrySet().iterator(), Kind.OBJECT);
        } else if (value instanceof Iterable<?> list) {
            open(list.iterator(), Kind.ARRAY);
        } else if (value instanceof YText text) {
            open(text.pieces(), Kind.STRING);
        } else if (value instanceof YXmlFragment xml) {
            open(xml.pieces(), Kind.STRING);
        } else if (value instanceof Pieces text) {
            open(text.pieces, Kind.STRING);
        } else if (value instanceof Raw raw) {
            for (int i = 0; i < raw.json.length(); i++) {
                i += out.codePoint(raw.json, i);
            }
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

    private void open(Iterator<?> elements, Kind kind) {
        out.ascii(kind == Kind.OBJECT ? '{' : kind == Kind.ARRAY ? '[' : '"');
        open.push(new Level(elements, kind));
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
        characters(s);
        endOfString();
        out.ascii('"');
    }

    private void characters(String piece) {
        String s = half == 0 ? piece : half + piece;
        half = 0;
        int end = s.length();
        if (end > 0 && Character.isHighSurrogate(s.charAt(end - 1))) {
            end--;
            half = s.charAt(end);
        }
        for (int i = 0; i < end; i++) {
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
    }

    private void endOfString() {
        if (half != 0) {
            out.codePoint(String.valueOf(half), 0);
            half = 0;
        }
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
