package io.keck.crdt;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.IntDiffOptRleDecoder;
import io.keck.crdt.lib0.IntDiffOptRleEncoder;
import io.keck.crdt.lib0.RleDecoder;
import io.keck.crdt.lib0.RleEncoder;
import io.keck.crdt.lib0.StringDecoder;
import io.keck.crdt.lib0.StringEncoder;
import io.keck.crdt.lib0.UintOptRleDecoder;
import io.keck.crdt.lib0.UintOptRleEncoder;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Single values as lib0 encodes them, bit by bit. */
class Lib0Conformance {
    /** A surrogate without its other half: a pair is one code point to a pattern. */
    private static final Pattern LONE = Pattern.compile("[\\x{d800}-\\x{dfff}]");

    private static final Set<String> KINDS = Set.of(
            "varUint",
            "varInt",
            "varString",
            "any",
            "malformed",
            "RleEncoder(uint8)",
            "UintOptRleEncoder",
            "IntDiffOptRleEncoder",
            "StringEncoder");

    private static List<JsonNode> vectors(String kind) {
        List<JsonNode> vectors = Fixtures.read("codec").stream()
                .filter(v -> v.get("k").textValue().equals(kind))
                .collect(toList());
        assertThat(vectors).as(kind).isNotEmpty();
        return vectors;
    }

    private static Object read(String kind, Decoder in) {
        return switch (kind) {
            case "varUint" -> in.readVarUint();
            case "varInt" -> in.readVarInt();
            case "varString" -> in.readVarString();
            default -> Any.read(in, 1_000);
        };
    }

    /** A tagged JSON value as the engine holds it. */
    private static Object value(JsonNode tagged) {
        if (tagged.isTextual()) {
            return tagged.textValue();
        }
        if (tagged.isNumber()) {
            return tagged.doubleValue();
        }
        if (tagged.isBoolean()) {
            return tagged.booleanValue();
        }
        if (tagged.isNull()) {
            return null;
        }
        if (tagged.isArray()) {
            List<Object> list = new ArrayList<>();
            tagged.forEach(element -> list.add(value(element)));
            return list;
        }
        Map<String, Object> map = new LinkedHashMap<>();
        return switch (tagged.path("$").asText()) {
            case "undefined" -> Any.UNDEFINED;
            case "bigint" -> new BigInteger(tagged.get("v").textValue());
            case "bytes" -> Fixtures.hex(tagged.get("v"));
            case "float" -> Double.valueOf(tagged.get("v").textValue());
            case "object" -> {
                tagged.get("v").forEach(entry -> map.put(entry.get(0).textValue(), value(entry.get(1))));
                yield map;
            }
            default -> {
                tagged.properties().forEach(entry -> map.put(entry.getKey(), value(entry.getValue())));
                yield map;
            }
        };
    }

    /** Strict equality (-0 is not 0, NaN is NaN) that looks into byte arrays. */
    private static void assertSame(Object is, Object expected, String which) {
        assertThat(comparable(is)).as(which).isEqualTo(comparable(expected));
    }

    private static Object comparable(Object value) {
        if (value instanceof byte[] bytes) {
            return "bytes " + HexFormat.of().formatHex(bytes);
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Lib0Conformance::comparable).collect(toList());
        }
        if (value instanceof Map<?, ?> map) {
            Map<Object, Object> out = new LinkedHashMap<>();
            map.forEach((key, element) -> out.put(key, comparable(element)));
            return out;
        }
        return value;
    }

    @Test
    void everyKind_isKnown() {
        for (JsonNode vector : Fixtures.read("codec")) {
            assertThat(KINDS).contains(vector.get("k").textValue());
        }
    }

    @Test
    void varUint_isReadAndWritten() {
        for (JsonNode vector : vectors("varUint")) {
            long value = Long.parseLong(vector.get("v").textValue());
            assertThat(new Decoder(Fixtures.hex(vector.get("hex"))).readVarUint())
                    .isEqualTo(value);
            Encoder out = new Encoder();
            out.writeVarUint(value);
            assertWritten(out, vector);
        }
    }

    @Test
    void varInt_isReadAndWritten() {
        for (JsonNode vector : vectors("varInt")) {
            double value = Double.parseDouble(vector.get("v").textValue());
            assertThat(new Decoder(Fixtures.hex(vector.get("hex"))).readVarInt())
                    .isEqualTo(value);
            Encoder out = new Encoder();
            out.writeVarInt(value);
            assertWritten(out, vector);
            if (value == (int) value && 1 / value != Double.NEGATIVE_INFINITY) {
                Encoder ofInt = new Encoder();
                ofInt.writeVarInt((int) value);
                assertWritten(ofInt, vector);
            }
        }
    }

    @Test
    void varString_isReadAndWritten() {
        for (JsonNode vector : vectors("varString")) {
            String value = vector.get("v").textValue();
            byte[] bytes = Fixtures.hex(vector.get("hex"));
            String decodes = vector.has("decodes") ? vector.get("decodes").textValue() : value;
            assertThat(new Decoder(bytes).readVarString()).isEqualTo(decodes);
            assertThat(new Decoder(bytes).skipVarString()).isEqualTo(decodes.length());
            Encoder out = new Encoder();
            out.writeVarString(value);
            assertWritten(out, vector);
        }
    }

    @Test
    void any_isReadSkippedAndWritten() {
        for (JsonNode vector : vectors("any")) {
            String which = vector.toString();
            byte[] bytes = Fixtures.hex(vector.get("hex"));
            Decoder in = new Decoder(bytes);
            Object is = Any.read(in, 1_000);
            assertThat(in.hasRemaining()).as(which).isFalse();
            assertSame(is, value(vector.has("decodes") ? vector.get("decodes") : vector.get("v")), which);
            Decoder skipped = new Decoder(bytes);
            Any.skip(skipped, 1_000);
            assertThat(skipped.hasRemaining()).as(which).isFalse();
            // what was read has the keys in their order on the wire; the vector's are sorted
            Encoder out = new Encoder();
            Any.write(out, is);
            assertWritten(out, vector);
        }
    }

    @Test
    void anyWithLoneSurrogates_isWrittenAsLib0Does() {
        for (JsonNode vector : vectors("any")) {
            if (vector.has("decodes") && vector.get("v").isTextual()) {
                Encoder out = new Encoder();
                Any.write(out, value(vector.get("v")));
                assertWritten(out, vector);
            }
        }
    }

    /** An encoder of numbers. */
    private record Writer(LongConsumer write, Supplier<byte[]> bytes) {}

    /** A decoder of numbers. */
    private record Reader(LongSupplier read, BooleanSupplier hasRemaining) {}

    private static void assertNumbers(String encoder, Supplier<Writer> writer, Function<Decoder, Reader> reader) {
        for (JsonNode vector : vectors(encoder)) {
            Writer out = writer.get();
            Reader in = reader.apply(new Decoder(Fixtures.hex(vector.get("hex"))));
            for (JsonNode value : vector.get("v")) {
                long n = Long.parseLong(value.textValue());
                assertThat(in.read().getAsLong()).as(vector.toString()).isEqualTo(n);
                out.write().accept(n);
            }
            assertThat(in.hasRemaining().getAsBoolean()).as(vector.toString()).isFalse();
            assertWritten(out.bytes().get(), vector);
        }
    }

    @Test
    void rle_isReadAndWritten() {
        assertNumbers(
                "RleEncoder(uint8)",
                () -> {
                    RleEncoder out = new RleEncoder();
                    return new Writer(n -> out.write((int) n), out::toByteArray);
                },
                bytes -> {
                    RleDecoder in = new RleDecoder(bytes);
                    return new Reader(in::read, in::hasRemaining);
                });
    }

    @Test
    void uintOptRle_isReadAndWritten() {
        assertNumbers(
                "UintOptRleEncoder",
                () -> {
                    UintOptRleEncoder out = new UintOptRleEncoder();
                    return new Writer(out::write, out::toByteArray);
                },
                bytes -> {
                    UintOptRleDecoder in = new UintOptRleDecoder(bytes);
                    return new Reader(in::read, in::hasRemaining);
                });
    }

    @Test
    void intDiffOptRle_isReadAndWritten() {
        assertNumbers(
                "IntDiffOptRleEncoder",
                () -> {
                    IntDiffOptRleEncoder out = new IntDiffOptRleEncoder();
                    return new Writer(out::write, out::toByteArray);
                },
                bytes -> {
                    IntDiffOptRleDecoder in = new IntDiffOptRleDecoder(bytes);
                    return new Reader(in::read, in::hasRemaining);
                });
    }

    @Test
    void strings_areReadAndWritten() {
        for (JsonNode vector : vectors("StringEncoder")) {
            StringEncoder out = new StringEncoder();
            StringDecoder in = new StringDecoder(new Decoder(Fixtures.hex(vector.get("hex"))));
            StringDecoder copied = new StringDecoder(new Decoder(Fixtures.hex(vector.get("hex"))));
            StringBuilder all = new StringBuilder();
            vector.get("v").forEach(value -> all.append(value.textValue()));
            // what has no other half in the whole text, which may be in the next string
            String text = LONE.matcher(all).replaceAll("\ufffd");
            int at = 0;
            for (int i = 0; i < vector.get("v").size(); i++) {
                int end = at + vector.get("v").get(i).textValue().length();
                String string = text.substring(at, end);
                at = end;
                assertThat(in.read()).as(vector.toString()).isEqualTo(string);
                Encoder copy = new Encoder();
                Encoder expected = new Encoder();
                expected.writeVarString(string);
                assertThat(copied.copyTo(copy)).as(vector.toString()).isEqualTo(string.length());
                assertThat(copy.toByteArray()).as(vector.toString()).isEqualTo(expected.toByteArray());
                out.write(vector.get("v").get(i).textValue());
            }
            assertThat(in.hasRemaining()).as(vector.toString()).isFalse();
            assertWritten(out.toByteArray(), vector);
        }
    }

    private static void assertWritten(Encoder out, JsonNode vector) {
        assertWritten(out.toByteArray(), vector);
    }

    private static void assertWritten(byte[] bytes, JsonNode vector) {
        assertThat(HexFormat.of().formatHex(bytes))
                .as(vector.toString())
                .isEqualTo(vector.get("hex").textValue());
    }

    /** We may be stricter than lib0; what we do read must be what it reads. */
    @Test
    void malformed_isRefusedOrReadAsLib0Does() {
        for (JsonNode vector : vectors("malformed")) {
            String which = vector.toString();
            Object is;
            try {
                is = read(vector.get("fn").textValue(), new Decoder(Fixtures.hex(vector.get("hex"))));
            } catch (DecodeException e) {
                continue;
            }
            JsonNode lib0 = vector.get("lib0").get("value");
            assertThat(lib0).as(which).isNotNull();
            Object expected = value(lib0);
            boolean number = is instanceof Number && expected instanceof Number;
            assertSame(
                    number ? ((Number) is).doubleValue() : is,
                    number ? ((Number) expected).doubleValue() : expected,
                    which);
        }
    }
}
