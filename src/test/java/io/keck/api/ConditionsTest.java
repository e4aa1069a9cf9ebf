package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConditionsTest {
    /** Tue, 14 Nov 2023 22:13:20 GMT and half a second. */
    private static final long STORED = 1_700_000_000_500L;

    private static Conditions of(String... namesAndValues) {
        Map<String, String> headers = new java.util.HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return new Conditions(headers::get, "tag=", STORED);
    }

    @Test
    void date_isThatOfHttp() {
        assertThat(Conditions.date(STORED)).isEqualTo("Tue, 14 Nov 2023 22:13:20 GMT");
        assertThat(Conditions.date(0)).isEqualTo("Thu, 01 Jan 1970 00:00:00 GMT");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "tag=|true",
                "\"tag=\"|true",
                "W/\"tag=\"|true",
                "\"a\", \"tag=\"|true",
                "*|true",
                "\"tag\"|false",
                "\"TAG=\"|false",
                "'\"a\",,'|false",
            })
    void notModified_byTag(String header, boolean expected) {
        assertThat(of("If-None-Match", header).notModified()).isEqualTo(expected);
        assertThat(of("If-None-Match", header, "If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT")
                        .notModified())
                .as("the tag alone decides")
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Tue, 14 Nov 2023 22:13:20 GMT|true",
                "Tue, 14 Nov 2023 22:13:21 GMT|true",
                "Tue, 14 Nov 2023 22:13:19 GMT|false",
                "yesterday|false",
                "1700000000|false",
            })
    void notModified_byDate(String header, boolean expected) {
        assertThat(of("If-Modified-Since", header).notModified()).isEqualTo(expected);
    }

    @Test
    void failed_whenTheClientInsistsOnSomethingElse() {
        assertThat(of().failed()).isFalse();
        assertThat(of("If-Match", "\"tag=\"").failed()).isFalse();
        assertThat(of("If-Match", "*").failed()).isFalse();
        assertThat(of("If-Match", "W/\"tag=\"").failed())
                .as("a weak one proves nothing")
                .isTrue();
        assertThat(of("If-Match", "\"other\"").failed()).isTrue();
        assertThat(of("If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:20 GMT").failed())
                .isFalse();
        assertThat(of("If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:19 GMT").failed())
                .isTrue();
    }

    @Test
    void rangeCounts_onlyForWhatTheClientHas() {
        assertThat(of().rangeCounts()).isTrue();
        assertThat(of("If-Range", "\"tag=\"").rangeCounts()).isTrue();
        assertThat(of("If-Range", "W/\"tag=\"").rangeCounts()).isFalse();
        assertThat(of("If-Range", "\"other\"").rangeCounts()).isFalse();
        assertThat(of("If-Range", "Tue, 14 Nov 2023 22:13:20 GMT").rangeCounts())
                .isTrue();
        assertThat(of("If-Range", "Tue, 14 Nov 2023 22:13:21 GMT").rangeCounts())
                .isFalse();
    }
}
