package io.keck.crdt.lib0;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JavaScript values in lib0's "any" encoding, one tag byte and then the value. Stateless; nothing here recurses, so
 * nesting in the input cannot exhaust the stack. Source: lib0 {@code encoding.js} {@code writeAny}.
 *
 * <table>
 * <caption>How values map</caption>
 * <tr><th>tag</th><th>JavaScript</th><th>Java</th></tr>
 * <tr><td>127</td><td>undefined</td><td>{@link #UNDEFINED}</td></tr>
 * <tr><td>126</td><td>null</td><td>null</td></tr>
 * <tr><td>125</td><td>whole number</td><td>Double</td></tr>
 * <tr><td>124, 123</td><td>number (32, 64 bit)</td><td>Double</td></tr>
 * <tr><td>122</td><td>bigint, 64 bit</td><td>{@link BigInteger}</td></tr>
 * <tr><td>121, 120</td><td>false, true</td><td>Boolean</td></tr>
 * <tr><td>119</td><td>string</td><td>String</td></tr>
 * <tr><td>118</td><td>object</td><td>Map of String, in order of its keys on the wire</td></tr>
 * <tr><td>117</td><td>array</td><td>List</td></tr>
 * <tr><td>116</td><td>Uint8Array</td><td>byte[]</td></tr>
 * </table>
 */
public final class Any {
    /** JavaScript's {@code undefined}, which is not {@code null}. */
    public static final Object UNDEFINED = new Object() {
        @Override
        public String toString() {
            return "undefined";
        }
    };

    private static final double MAX_INT = 0x7fffffff;

    private Any() {}

    /**
     * Reads one value.
     *
     * @param maxDepth how deep arrays and objects may nest
     * @throws DecodeException if the bytes are malformed or nest deeper
     */
    public static @Nullable Object read(Decoder in, int maxDepth) {
        int first = in.readUint8();
        if (first != 117 && first != 118) {
            return readScalar(in, first);
        }
        ArrayDeque<Frame> open = new ArrayDeque<>();
        for (boolean begun = false; ; begun = true) {
            Frame top = open.peek();
            String key = top != null && top.map != null ? in.readVarString() : null;
            Object value;
            int tag = begun ? in.readUint8() : first;
            if (tag == 117 || tag == 118) {
                if (open.size() >= maxDepth) {
                    throw new DecodeException("values nest deeper than " + maxDepth);
                }
                Frame frame = new Frame(tag == 118, in.readCount(tag == 118 ? 2 : 1), key);
                if (frame.left > 0) {
                    open.push(frame);
                    continue;
                }
                value = frame.value();
            } else {
                value = readScalar(in, tag);
            }
            // add the value to its container; a container that is full becomes a value itself
            while (true) {
                if (top == null) {
                    return value;
                }
                top.add(key, value);
                if (top.left > 0) {
                    break;
                }
                open.pop();
                value = top.value();
                key = top.key;
                top = open.peek();
            }
        }
    }

    private static final class Frame {
        final @Nullable Map<String, @Nullable Object> map;
        final @Nullable List<@Nullable Object> list;
        final @Nullable String key;
        int left;

        Frame(boolean object, int count, @Nullable String key) {
            this.map = object ? new LinkedHashMap<>() : null;
            this.list = object ? null : new ArrayList<>(Math.min(count, 64));
            this.left = count;
            this.key = key;
        }

        void add(@Nullable String name, @Nullable Object value) {
            if (map != null && name != null) {
                map.put(name, value);
            } else if (list != null) {
                list.add(value);
            }
            left--;
        }

        Object value() {
            return map != null
                    ? Collections.unmodifiableMap(map)
                    : Collections.unmodifiableList(list == null ? List.of() : list);
        }
    }

    private static @Nullable Object readScalar(Decoder in, int tag) {
        return switch (tag) {
            case 127 -> UNDEFINED;
            case 126 -> null;
            case 125 -> in.readVarInt();
            case 124 -> (double) Float.intBitsToFloat((int) in.readUint32());
            case 123 -> Double.longBitsToDouble(in.readBigInt64());
            case 122 -> BigInteger.valueOf(in.readBigInt64());
            case 121 -> false;
            case 120 -> true;
            case 119 -> in.readVarString();
            case 116 -> in.readVarUint8Array();
            default -> throw new DecodeException("unknown value tag " + tag);
        };
    }

    /**
     * Passes over one value and checks it as {@link #read} does, without building it.
     *
     * @throws DecodeException if the bytes are malformed or nest deeper than {@code maxDepth}
     */
    public static void skip(Decoder in, int maxDepth) {
        int tag = in.readUint8();
        if (tag != 117 && tag != 118) {
            skipScalar(in, tag);
            return;
        }
        // left[d] is the number of elements that level d still lacks, negative for an object
        int[] left = new int[Math.min(8, maxDepth)];
        int depth = -1;
        while (true) {
            if (tag == 117 || tag == 118) {
                if (depth + 1 >= maxDepth) {
                    throw new DecodeException("values nest deeper than " + maxDepth);
                }
                int count = in.readCount(tag == 118 ? 2 : 1);
                if (++depth == left.length) {
                    left = Arrays.copyOf(left, Math.min(maxDepth, left.length * 2));
                }
                left[depth] = tag == 118 ? -count : count;
            } else {
                skipScalar(in, tag);
            }
            while (depth >= 0 && left[depth] == 0) {
                depth--;
            }
            if (depth < 0) {
                return;
            }
            if (left[depth] < 0) {
                in.skipVarString();
                left[depth]++;
            } else {
                left[depth]--;
            }
            tag = in.readUint8();
        }
    }

    private static void skipScalar(Decoder in, int tag) {
        switch (tag) {
            case 127, 126, 121, 120 -> {}
            case 125 -> in.readVarInt();
            case 124 -> in.skip(4);
            case 123, 122 -> in.skip(8);
            case 119 -> in.skipVarString();
            case 116 -> in.skip(in.readLength());
            default -> throw new DecodeException("unknown value tag " + tag);
        }
    }

    /**
     * Writes one value as lib0 does: a whole number of at most 2^31 - 1 in magnitude as an int, a number that 32 bits
     * hold exactly as a float32 (unless {@link Encoder#setFloat64} is on), any other as a float64.
     *
     * @param value a value of the table above, or any other {@link Number}
     * @throws IllegalArgumentException if the value is, or contains, anything else
     */
    public static void write(Encoder out, @Nullable Object value) {
        // most values are numbers and strings, arrays hold thousands of them, and checks for interfaces are slower
        if (value instanceof Double number) {
            writeNumber(out, number);
            return;
        }
        if (value instanceof String string) {
            out.writeUint8(119);
            out.writeVarString(string);
            return;
        }
        if (!(value instanceof Map<?, ?>) && !(value instanceof List<?>)) {
            writeScalar(out, value);
            return;
        }
        ArrayDeque<Iterator<?>> open = new ArrayDeque<>();
        Object next = value;
        while (true) {
            if (next instanceof Map<?, ?> map) {
                out.writeUint8(118);
                out.writeVarUint(map.size());
                open.push(map.entrySet().iterator());
            } else if (next instanceof List<?> list) {
                out.writeUint8(117);
                out.writeVarUint(list.size());
                open.push(list.iterator());
            } else {
                writeScalar(out, next);
            }
            while (!open.isEmpty() && !open.element().hasNext()) {
                open.pop();
            }
            if (open.isEmpty()) {
                return;
            }
            next = open.element().next();
            if (next instanceof Map.Entry<?, ?> entry) {
                out.writeVarString((String) entry.getKey());
                next = entry.getValue();
            }
        }
    }

    private static void writeScalar(Encoder out, @Nullable Object value) {
        if (value == UNDEFINED) {
            out.writeUint8(127);
        } else if (value == null) {
            out.writeUint8(126);
        } else if (value instanceof BigInteger big) {
            out.writeUint8(122);
            out.writeBigInt64(big.longValue());
        } else if (value instanceof Number number) {
            writeNumber(out, number.doubleValue());
        } else if (value instanceof Boolean bool) {
            out.writeUint8(bool ? 120 : 121);
        } else if (value instanceof String string) {
            out.writeUint8(119);
            out.writeVarString(string);
        } else if (value instanceof byte[] bytes) {
            out.writeUint8(116);
            out.writeVarUint8Array(bytes);
        } else {
            throw new IllegalArgumentException("not a JavaScript value: " + value.getClass());
        }
    }

    private static void writeNumber(Encoder out, double x) {
        int whole = (int) x;
        if (whole == x && (whole != 0 || 1 / x > 0) && whole != Integer.MIN_VALUE) {
            out.writeUint8(125);
            out.writeVarInt(whole);
        } else if (x == Math.rint(x) && Math.abs(x) <= MAX_INT) {
            out.writeUint8(125);
            out.writeVarInt(x);
        } else if (!out.isFloat64() && (double) (float) x == x) {
            out.writeUint8(124);
            out.writeUint32(Float.floatToIntBits((float) x));
        } else {
            out.writeUint8(123);
            out.writeBigInt64(Double.doubleToLongBits(x));
        }
    }
}
