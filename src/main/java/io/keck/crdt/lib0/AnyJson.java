package io.keck.crdt.lib0;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Turns one value from lib0's "any" encoding into JSON text and back, from bytes to bytes: no values are built and
 * nothing recurses. Stateless. Source: lib0 {@code encoding.js} {@code writeAny}; ECMA-262 {@code JSON.stringify} and
 * {@code Number::toString}.
 *
 * <p>JSON has fewer values; the others become what JavaScript makes of them: {@code undefined} is left out of objects
 * and is null in arrays, numbers that are not finite are null, negative zero is 0, a Uint8Array is an object with its
 * indexes as keys. A value for which JavaScript itself has no JSON is refused: {@code undefined} alone, and bigint.
 */
public final class AnyJson {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private AnyJson() {}

    /**
     * Reads one value and writes it as JSON text.
     *
     * @param maxDepth how deep arrays and objects may nest
     * @param maxBytes the largest length of {@code json}, in bytes
     * @throws DecodeException if the bytes are malformed, the value has no JSON form, or a limit is exceeded
     */
    public static void toJson(Decoder any, Encoder json, int maxDepth, int maxBytes) {
        new Stringifier(any, json, maxDepth, maxBytes).run();
    }

    /**
     * Writes JSON text as a value. Duplicate keys are kept; a reader of the value uses the last of them, as a reader of
     * the text does.
     *
     * @param json the text is {@code json[from, to)}, and {@link Json#check} has found it valid
     */
    public static void toAny(byte[] json, int from, int to, Encoder any) {
        new Parser(json, from, to, any).run();
    }

    private static void writeAscii(Encoder out, String s) {
        for (int i = 0; i < s.length(); i++) {
            out.writeUint8(s.charAt(i));
        }
    }

    /** From "any" to JSON. */
    private static final class Stringifier {
        private final Decoder in;
        private final Encoder out;
        private final int maxDepth;
        private final int maxBytes;
        private int depth;
        /** The number of elements that each open container still lacks. */
        private int[] left = new int[8];

        private final BitSet objects = new BitSet();
        /** Open containers with at least one element written: a comma must precede the next. */
        private final BitSet begun = new BitSet();

        Stringifier(Decoder in, Encoder out, int maxDepth, int maxBytes) {
            this.in = in;
            this.out = out;
            this.maxDepth = maxDepth;
            this.maxBytes = maxBytes;
        }

        void run() {
            int tag = in.readUint8();
            if (tag == 127) {
                throw new DecodeException("undefined has no JSON");
            }
            while (true) {
                if (tag == 117 || tag == 118) {
                    open(tag == 118);
                } else {
                    scalar(tag);
                }
                checkLength();
                while (depth > 0 && left[depth - 1] == 0) {
                    out.writeUint8(objects.get(--depth) ? '}' : ']');
                }
                if (depth == 0) {
                    return;
                }
                tag = element();
            }
        }

        private void open(boolean object) {
            if (depth == maxDepth) {
                throw new DecodeException("values nest deeper than " + maxDepth);
            }
            if (depth == left.length) {
                left = Arrays.copyOf(left, depth * 2);
            }
            left[depth] = in.readCount(object ? 2 : 1);
            objects.set(depth, object);
            begun.clear(depth++);
            out.writeUint8(object ? '{' : '[');
        }

        /**
         * Moves to the next element and returns the tag of its value; {@link #OMITTED} for an undefined member of an
         * object, of which nothing is written.
         */
        private int element() {
            int at = depth - 1;
            left[at]--;
            if (!objects.get(at)) {
                comma(at);
                return in.readUint8();
            }
            int keyLength = in.readLength();
            int key = in.position();
            in.skipVarStringOf(keyLength);
            int tag = in.readUint8();
            if (tag == 127) {
                return OMITTED;
            }
            comma(at);
            string(key, key + keyLength);
            out.writeUint8(':');
            return tag;
        }

        private static final int OMITTED = -1;

        private void comma(int at) {
            if (begun.get(at)) {
                out.writeUint8(',');
            }
            begun.set(at);
        }

        private void scalar(int tag) {
            switch (tag) {
                case OMITTED -> {}
                case 127, 126 -> writeAscii(out, "null");
                case 125 -> writeAscii(out, JsonNumber.print(in.readVarInt()));
                case 124 -> writeAscii(out, JsonNumber.print(Float.intBitsToFloat((int) in.readUint32())));
                case 123 -> writeAscii(out, JsonNumber.print(Double.longBitsToDouble(in.readBigInt64())));
                case 122 -> throw new DecodeException("bigint has no JSON");
                case 121 -> writeAscii(out, "false");
                case 120 -> writeAscii(out, "true");
                case 119 -> {
                    int n = in.readLength();
                    int from = in.position();
                    in.skipVarStringOf(n);
                    string(from, from + n);
                }
                case 116 -> bytes();
                default -> throw new DecodeException("unknown value tag " + tag);
            }
        }

        private void bytes() {
            int n = in.readLength();
            out.writeUint8('{');
            for (int i = 0; i < n; i++) {
                writeAscii(out, (i > 0 ? ",\"" : "\"") + i + "\":" + in.readUint8());
                checkLength();
            }
            out.writeUint8('}');
        }

        private void string(int from, int to) {
            byte[] b = in.array();
            out.writeUint8('"');
            int plain = from;
            for (int i = from; i < to; i++) {
                int c = b[i];
                if (c == '"' || c == '\\' || (c >= 0 && c < 0x20)) {
                    out.writeBytes(b, plain, i);
                    plain = i + 1;
                    escape(c);
                }
            }
            out.writeBytes(b, plain, to);
            out.writeUint8('"');
        }

        private void escape(int c) {
            out.writeUint8('\\');
            int name = switch (c) {
                case '"', '\\' -> c;
                case '\b' -> 'b';
                case '\t' -> 't';
                case '\n' -> 'n';
                case '\f' -> 'f';
                case '\r' -> 'r';
                default -> 'u';
            };
            out.writeUint8(name);
            if (name == 'u') {
                writeAscii(out, "00");
                out.writeUint8(HEX[c >> 4]);
                out.writeUint8(HEX[c & 0xf]);
            }
        }

        private void checkLength() {
            if (out.length() > maxBytes) {
                throw new DecodeException("JSON of more than " + maxBytes + " bytes");
            }
        }
    }

    /**
     * From valid JSON to "any". A first pass counts the elements of each container, because the count precedes them in
     * "any"; a second pass writes.
     */
    private static final class Parser {
        private final byte[] b;
        private final int from;
        private final int to;
        private final Encoder out;
        /** The number of elements of each container, in the order in which the containers open. */
        private int[] counts = new int[4];

        Parser(byte[] b, int from, int to, Encoder out) {
            this.b = b;
            this.from = from;
            this.to = to;
            this.out = out;
        }

        void run() {
            count();
            int containers = 0;
            for (int i = from; i < to; ) {
                switch (b[i]) {
                    case '{', '[' -> {
                        out.writeUint8(b[i++] == '{' ? 118 : 117);
                        out.writeVarUint(counts[containers++]);
                    }
                    case '"' -> {
                        int end = stringEnd(i);
                        int next = skipSpace(end);
                        if (next >= to || b[next] != ':') { // a key has no tag
                            out.writeUint8(119);
                        }
                        string(i + 1, end - 1);
                        i = end;
                    }
                    case 't', 'n' -> {
                        out.writeUint8(b[i] == 't' ? 120 : 126);
                        i += 4;
                    }
                    case 'f' -> {
                        out.writeUint8(121);
                        i += 5;
                    }
                    case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> {
                        int end = numberEnd(i);
                        String digits = new String(b, i, end - i, StandardCharsets.US_ASCII);
                        Any.write(out, Double.valueOf(digits));
                        i = end;
                    }
                    default -> i++; // white space and punctuation between values
                }
            }
        }

        private void count() {
            int[] open = new int[4];
            int depth = 0;
            int containers = 0;
            for (int i = from; i < to; ) {
                switch (b[i]) {
                    case '"' -> {
                        i = stringEnd(i);
                        continue;
                    }
                    case '{', '[' -> {
                        counts = room(counts, containers);
                        open = room(open, depth);
                        int next = b[skipSpace(i + 1)];
                        counts[containers] = next == '}' || next == ']' ? 0 : 1;
                        open[depth++] = containers++;
                    }
                    case '}', ']' -> depth--;
                    case ',' -> counts[open[depth - 1]]++;
                    default -> {}
                }
                i++;
            }
        }

        private static int[] room(int[] array, int at) {
            return at < array.length ? array : Arrays.copyOf(array, at * 2);
        }

        private int skipSpace(int start) {
            int i = start;
            while (i < to && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t')) {
                i++;
            }
            return i;
        }

        /** The index after the closing quote. */
        private int stringEnd(int quote) {
            int i = quote + 1;
            while (b[i] != '"') {
                i += b[i] == '\\' ? 2 : 1;
            }
            return i + 1;
        }

        private int numberEnd(int start) {
            int i = start;
            while (i < to && "+-.eE0123456789".indexOf(b[i]) >= 0) {
                i++;
            }
            return i;
        }

        private void string(int start, int end) {
            int escape = start;
            while (escape < end && b[escape] != '\\') {
                escape++;
            }
            if (escape == end) {
                out.writeVarUint(end - start);
                out.writeBytes(b, start, end);
                return;
            }
            StringBuilder text = new StringBuilder(end - start);
            int plain = start;
            for (int i = escape; i < end; ) {
                if (b[i] != '\\') {
                    i++;
                    continue;
                }
                text.append(new String(b, plain, i - plain, StandardCharsets.UTF_8));
                int c = b[i + 1];
                text.append(c == 'u' ? hex(i + 2) : unescape(c));
                i += c == 'u' ? 6 : 2;
                plain = i;
            }
            text.append(new String(b, plain, end - plain, StandardCharsets.UTF_8));
            out.writeVarString(text);
        }

        private char hex(int at) {
            int c = 0;
            for (int i = at; i < at + 4; i++) {
                c = c << 4 | Character.digit(b[i], 16);
            }
            return (char) c;
        }

        private static char unescape(int c) {
            return switch (c) {
                case 'b' -> '\b';
                case 't' -> '\t';
                case 'n' -> '\n';
                case 'f' -> '\f';
                case 'r' -> '\r';
                default -> (char) c;
            };
        }
    }
}
