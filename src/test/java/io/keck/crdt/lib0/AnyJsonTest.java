package io.keck.crdt.lib0;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnyJsonTest {
    private static byte[] any(Object value) {
        Encoder out = new Encoder();
        Any.write(out, value);
        return out.toByteArray();
    }

    private static String json(Object value) {
        Encoder out = new Encoder();
        AnyJson.toJson(new Decoder(any(value)), out, 100, 10_000);
        return new String(out.toByteArray(), StandardCharsets.UTF_8);
    }

    private static Object parse(String json) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        Json.check(text, 0, text.length, 100);
        Encoder out = new Encoder();
        AnyJson.toAny(text, 0, text.length, out);
        Decoder in = new Decoder(out.toByteArray());
        Object value = Any.read(in, 100);
        assertThat(in.hasRemaining()).isFalse();
        return value;
    }

    /** As JavaScript prints them. */
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "-0.0, 0",
        "1, 1",
        "-17, -17",
        "9007199254740993, 9007199254740992",
        "123456789012345680000, 123456789012345680000",
        "1e21, 1e+21",
        "-1.5e300, -1.5e+300",
        "0.1, 0.1",
        "123.456, 123.456",
        "1e-6, 0.000001",
        "1.25e-7, 1.25e-7",
        "1e-7, 1e-7",
        "2e-3, 0.002",
        "5e-324, 5e-324",
        "2.2250738585072014E-308, 2.2250738585072014e-308",
        "1.7976931348623157E308, 1.7976931348623157e+308",
        "5.684341886080802e-14, 5.684341886080802e-14",
        "2.0e-322, 2e-322",
        "1.0E23, 1e+23",
        "2.4929994287179136e25, 2.4929994287179136e+25",
        "5120310404913599488, 5120310404913599000",
        "4.35, 4.35",
        "NaN, null",
        "Infinity, null"
    })
    void numbers_areWrittenAsJavaScriptDoes(double number, String text) {
        assertThat(JsonNumber.print(number)).isEqualTo(text);
    }

    @Test
    void objects_keepTheirKeysAndLoseWhatIsUndefined() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("a", Any.UNDEFINED);
        object.put("__proto__", null);
        object.put("b", Any.UNDEFINED);
        object.put("", Arrays.asList(Any.UNDEFINED, Double.NaN, -0.0, List.of(), Map.of()));
        object.put("c", Any.UNDEFINED);
        assertThat(json(object)).isEqualTo("{\"__proto__\":null,\"\":[null,null,0,[],{}]}");
        assertThat(json(Collections.singletonMap("a", Any.UNDEFINED))).isEqualTo("{}");
    }

    @Test
    void bytes_becomeAnObjectOfTheirIndexes() {
        assertThat(json(new byte[] {0, -1})).isEqualTo("{\"0\":0,\"1\":255}");
        assertThat(json(new byte[0])).isEqualTo("{}");
    }

    @Test
    void strings_areEscapedAsJavaScriptDoes() {
        assertThat(json("a\"\\\b\f\n\r\t\u0000\u001f/é😀\u2028"))
                .isEqualTo("\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f/é😀\u2028\"");
    }

    @Test
    void whatHasNoJson_isRefused() {
        for (Object value : List.of(Any.UNDEFINED, BigInteger.ONE, List.of(BigInteger.ONE))) {
            assertThatThrownBy(() -> json(value)).isInstanceOf(DecodeException.class);
        }
    }

    @Test
    void limits_areKept() {
        byte[] deep = new byte[400];
        for (int i = 0; i < deep.length; i += 2) {
            deep[i] = 117;
            deep[i + 1] = 1;
        }
        assertThatThrownBy(() -> AnyJson.toJson(new Decoder(deep), new Encoder(), 100, 10_000))
                .isInstanceOf(DecodeException.class)
                .hasMessageContaining("deeper");
        byte[] wide = any(new byte[2_000]);
        assertThatThrownBy(() -> AnyJson.toJson(new Decoder(wide), new Encoder(), 100, 10_000))
                .isInstanceOf(DecodeException.class)
                .hasMessageContaining("10000");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "true",
                "[false,[],{},[[1.5]],\"x\"]",
                "{\"a\":{\"b\":[1,2,{\"c\":\"d:,[]{}\"}]},\"e\":-3}",
                "\"\\\"\\\\\\b\"",
                "{\"\\\"k\\\"\":1}"
            })
    void json_becomesAnyAndJsonAgain(String text) {
        assertThat(json(parse(text))).isEqualTo(text);
    }

    @Test
    void spaceAndEscapes_areUnderstood() {
        assertThat(parse(" { \"a\" : [ 1 , -0 , 1E2 ] ,\n\"b\\u00e9\\ud83d\\ude00\\/é\" : \"\\ud800x\" } "))
                .isEqualTo(Map.of("a", List.of(1.0, -0.0, 100.0), "bé😀/é", "\ufffdx"));
    }

    @Test
    void manyContainers_areCounted() {
        String text = "[" + "[0],{},".repeat(50) + "[]]";
        assertThat((List<?>) parse(text)).hasSize(101);
    }
}
