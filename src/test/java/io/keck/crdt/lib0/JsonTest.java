package io.keck.crdt.lib0;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    private static final ObjectMapper JACKSON =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static boolean accepted(String text, int maxDepth) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try {
            Json.check(bytes, 0, bytes.length, maxDepth);
            return true;
        } catch (DecodeException e) {
            return false;
        }
    }

    private static boolean acceptedByJackson(String text) {
        try {
            return !JACKSON.readTree(text).isMissingNode();
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "true",
                "false",
                "0",
                "-0",
                "1.5e-7",
                "12E+3",
                "\"\"",
                "\"é😀\"",
                "\"\\u00e9\\n\\/\"",
                "[]",
                "{}",
                " [ 1 , 2 ] ",
                "{\"a\":{\"b\":[{}]},\"\":null}",
                "\t\r\n1 "
            })
    void validText_isAccepted(String text) {
        assertThat(accepted(text, 10)).isTrue();
        assertThat(acceptedByJackson(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "nul",
                "nulll",
                "True",
                "01",
                "-",
                "+1",
                ".5",
                "1.",
                "1e",
                "1e+",
                "0x1",
                "NaN",
                "Infinity",
                "'a'",
                "\"",
                "\"\\x\"",
                "\"\\u12\"",
                "\"\\u12g4\"",
                "\"a\nb\"",
                "[",
                "]",
                "[1",
                "[1,]",
                "[,1]",
                "[1 2]",
                "{",
                "{1:2}",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{\"a\":1]",
                "[1}",
                "1 2",
                "[]]",
                "undefined",
                "/*c*/1",
                "\u00a01"
            })
    void invalidText_isRefused(String text) {
        assertThat(accepted(text, 10)).isFalse();
        assertThat(acceptedByJackson(text)).isFalse();
    }

    /** Random walks over what JSON is made of meet both sides of every rule. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void randomText_isJudgedAsByJackson(long seed) {
        String[] parts = {
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"a\"",
            "\"\\u0041\"",
            "\"\\",
            "\"",
            "1",
            "-",
            "0",
            ".5",
            "e1",
            "true",
            "null",
            " ",
            "é"
        };
        Random random = new Random(seed);
        int valid = 0;
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = 1 + random.nextInt(7); n > 0; n--) {
                text.append(parts[random.nextInt(parts.length)]);
            }
            boolean expected = acceptedByJackson(text.toString());
            valid += expected ? 1 : 0;
            assertThat(accepted(text.toString(), 10))
                    .as("seed %d: %s", seed, text)
                    .isEqualTo(expected);
        }
        assertThat(valid).as("valid ones").isGreaterThan(500);
    }

    @Test
    void nesting_isAllowedUpToTheLimit() {
        assertThat(accepted("[".repeat(5) + "]".repeat(5), 5)).isTrue();
        assertThat(accepted("[".repeat(6) + "]".repeat(6), 5)).isFalse();
        assertThat(accepted("[[],[],{\"a\":[]}]", 3)).isTrue();
    }

    @Test
    void nestingOfAMillion_needsNoStack() {
        String text = "[".repeat(1_000_000) + "]".repeat(1_000_000);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertThatCode(() -> Json.check(bytes, 0, bytes.length, 1_000_000)).doesNotThrowAnyException();
        assertThatThrownBy(() -> Json.check(bytes, 0, bytes.length, 999_999)).isInstanceOf(DecodeException.class);
    }
}
