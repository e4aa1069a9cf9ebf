package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoomPathTest {
    @ParameterizedTest
    @CsvSource({
        "room, room",
        "a%20b, a b",
        "a+b, a+b",
        "100%25, 100%",
        "%2541, %41",
        "%41, A",
        "%c3%a4, ä",
        "%C3%A4, ä",
        "%F0%9F%99%82, \uD83D\uDE42",
        "..., ...",
        "%2e%2e%2e, ...",
        "%22'%22, \"'\"",
        "a;b=c, a;b=c",
        "%5C, \\",
        "%EF%BB%BFx, \uFEFFx",
        "a/b, a/b",
        "a%2Fb, a/b",
        "a%2fb/c%20d, a/b/c d",
        "a%252Fb, a%2Fb",
        "org/doc;v=1, org/doc;v=1"
    })
    void segment_isDecodedOnce(String segment, String name) {
        assertThat(RoomPath.parse("/collaboration/" + segment)).isEqualTo(new RoomPath(name, 0, ""));
    }

    @Test
    void encodedControlCharacters_areBadNames() {
        for (int c = 0; c < 256; c++) {
            boolean control = c < 0x20 || c >= 0x7f && c <= 0x9f;
            String utf8 = c < 0x80 ? hex(c) : hex(0xc0 | c >> 6) + hex(0x80 | c & 0x3f);
            RoomPath path = RoomPath.parse("/collaboration/a" + utf8 + "b");
            assertThat(path.status()).as("U+%04X", c).isEqualTo(control ? 400 : 0);
        }
    }

    private static String hex(int b) {
        return String.format("%%%02X", b);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "%2E",
                "%2e.",
                "%00",
                "a%0Ab",
                "%7F",
                "%C2%85",
                "/",
                "%2F",
                "a/",
                "a%2F",
                "/a",
                "a//b",
                "a/%2Fb",
                "a/./b",
                "a/..",
                "../a",
                "a%2F%2E%2E%2Fb"
            })
    void badName_isRefusedWithASentence(String segment) {
        RoomPath path = RoomPath.parse("/collaboration/" + segment);
        assertThat(path.status()).isEqualTo(400);
        assertThat(path.room()).isNull();
        assertThat(path.problem()).endsWith(".");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%",
                "%4",
                "%G1",
                "%1G",
                "%-1",
                "%+1",
                "a%",
                "%80",
                "%C3",
                "%C0%AF",
                "%ED%A0%80",
                "%F4%90%80%80",
                "%FF"
            })
    void segment_thatIsNoEncodedUtf8_isRefused(String segment) {
        RoomPath path = RoomPath.parse("/collaboration/" + segment);
        assertThat(path.status()).isEqualTo(400);
        assertThat(path.room()).isNull();
        assertThat(path.problem()).contains("UTF-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/collaboration", "/", "/other/a", ""})
    void otherPath_isNotFound(String path) {
        assertThat(RoomPath.parse(path).status()).isEqualTo(404);
        assertThat(RoomPath.parse(path).room()).isNull();
        assertThat(RoomPath.parse(path).problem()).isNotEmpty();
    }

    @Test
    void noPath_isNotFound() {
        assertThat(RoomPath.parse(null).status()).isEqualTo(404);
    }

    @Test
    void length_isCountedInCodePoints() {
        String emoji = "%F0%9F%99%82";
        assertThat(RoomPath.parse("/collaboration/" + emoji.repeat(255)).status())
                .isZero();
        assertThat(RoomPath.parse("/collaboration/" + emoji.repeat(256)).status())
                .isEqualTo(400);
        assertThat(RoomPath.parse("/collaboration/" + "x".repeat(255)).status()).isZero();
        assertThat(RoomPath.parse("/collaboration/" + "x".repeat(256)).status()).isEqualTo(400);
    }
}
