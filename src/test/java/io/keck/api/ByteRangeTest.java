package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.api.ByteRange.Asked;
import io.keck.api.ByteRange.Kind;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangeTest {
    @ParameterizedTest
    @CsvSource({
        "bytes=0-0,0,0",
        "bytes=0-,0,9",
        "bytes=3-5,3,5",
        "bytes=9-9,9,9",
        "bytes=5-99,5,9",
        "bytes=5-99999999999999999999999999,5,9",
        "bytes=-1,9,9",
        "bytes=-10,0,9",
        "bytes=-99999999999999999999,0,9",
        "BYTES=1-2,1,2",
        "bytes = 1-2,1,2",
        "bytes=0000000000000000000000000001-2,1,2",
    })
    void parse_ofTenBytes_isThatPart(String header, long first, long last) {
        Asked asked = ByteRange.parse(header, 10);
        assertThat(asked.kind()).isEqualTo(Kind.PART);
        assertThat(asked.range()).isEqualTo(new ByteRange(first, last));
        assertThat(Objects.requireNonNull(asked.range()).length()).isEqualTo(last - first + 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=10-", "bytes=10-20", "bytes=99999999999999999999-", "bytes=-0"})
    void parse_beyondTheEnd_isUnsatisfiable(String header) {
        assertThat(ByteRange.parse(header, 10).kind()).isEqualTo(Kind.UNSATISFIABLE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bytes",
                "bytes=",
                "bytes=-",
                "bytes=5-2",
                "bytes=a-b",
                "bytes=1",
                "items=0-1",
                "bytes=0-1,3-4",
                "bytes=--1",
                "bytes=1-2-3",
                "bytes=\u0661-\u0662"
            })
    void parse_whatIsNotUnderstood_isIgnored(String header) {
        assertThat(ByteRange.parse(header, 10).kind()).isEqualTo(Kind.WHOLE);
    }

    @Test
    void parse_ofNothing() {
        assertThat(ByteRange.parse(null, 10).kind()).isEqualTo(Kind.WHOLE);
        assertThat(ByteRange.parse("bytes=0-", 0).kind()).isEqualTo(Kind.UNSATISFIABLE);
        assertThat(ByteRange.parse("bytes=-5", 0).kind()).isEqualTo(Kind.WHOLE);
    }
}
