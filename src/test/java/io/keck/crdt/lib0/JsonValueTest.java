package io.keck.crdt.lib0;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonValueTest {
    @Test
    void numbers_arePrintedAsInJavaScript() {
        Map<Double, String> expected = new LinkedHashMap<>();
        expected.put(0.0, "0");
        expected.put(-0.0, "0");
        expected.put(1.0, "1");
        expected.put(-1.5, "-1.5");
        expected.put(1e21, "1e+21");
        expected.put(123456789012345680000.0, "123456789012345680000");
        expected.put(1e-6, "0.000001");
        expected.put(1e-7, "1e-7");
        expected.put(1.5e-7, "1.5e-7");
        expected.put(0.1 + 0.2, "0.30000000000000004");
        expected.put(5e-324, "5e-324");
        expected.put(2.2250738585072014e-308, "2.2250738585072014e-308");
        expected.put(1.7976931348623157e308, "1.7976931348623157e+308");
        expected.put(2e-3, "0.002");
        expected.put(1e23, "1e+23");
        expected.put(9007199254740993.0, "9007199254740992");
        expected.put(Double.NaN, "null");
        expected.forEach((x, text) -> assertThat(JsonNumber.print(x)).isEqualTo(text));
    }

    @Test
    void printedNumbers_readBackTheSame() {
        Random random = new Random(3);
        for (int i = 0; i < 20_000; i++) {
            double x = Double.longBitsToDouble(random.nextLong());
            if (!Double.isNaN(x) && !Double.isInfinite(x)) {
                assertThat(Double.parseDouble(JsonNumber.print(x))).isEqualTo(x);
            }
        }
    }

    @Test
    void texts_comeBackToTheLetter() {
        for (String json : List.of(
                "null",
                "true",
                "[]",
                "{}",
                "[[],{},[1,[2]]]",
                "{\"a\":{\"b\":[null,\"x\"]},\"\":\"\\\"\\\\\\n\\u0001\"}",
                "\"\\ud800\"",
                "\"😀\"",
                "\"{[\"",
                "[\"[\",\"{\",1]")) {
            assertThat(JsonValue.write(JsonValue.parse(json))).isEqualTo(json);
        }
        assertThat(JsonValue.parse(" { \"a\" : [ 1 , -2.5e1 ] } ")).isEqualTo(Map.of("a", List.of(1.0, -25.0)));
        assertThat(JsonValue.parse("\"\\u00e9\\/\\b\\f\\r\\t\"")).isEqualTo("é/\b\f\r\t");
    }

    @Test
    void deepNesting_needsNoStack() {
        String json = "[".repeat(100_000) + "]".repeat(100_000);
        assertThat(JsonValue.write(JsonValue.parse(json))).isEqualTo(json);
    }

    @Test
    void whatJsonCannotSay_isLeftOutNullOrRefused() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("gone", Any.UNDEFINED);
        map.put("list", Arrays.asList(Any.UNDEFINED, Double.POSITIVE_INFINITY));
        map.put("bytes", new byte[] {1, (byte) 255});
        assertThat(JsonValue.write(map)).isEqualTo("{\"list\":[null,null],\"bytes\":{\"0\":1,\"1\":255}}");
        assertThatThrownBy(() -> JsonValue.write(Any.UNDEFINED)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> JsonValue.write(List.of(BigInteger.ONE))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> JsonValue.parse("{\"a\"}")).isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> JsonValue.parse("")).isInstanceOf(DecodeException.class);
    }
}
