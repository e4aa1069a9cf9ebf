package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoomNameTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a", " ", "a b", "...", ".a", "日本", "😀", "%2F", "\\", "\u00a0", "\u200b", "\uffff", "'\"", "a/b",
                "a/b/c", "a/.../b", ".a/b."
            })
    void good(String name) {
        assertThat(RoomName.problem(name)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "/",
                "/a",
                "a/",
                "a//b",
                "a/./b",
                "../b",
                "a/..",
                "\0",
                "a\n",
                "\u001f",
                "\u007f",
                "\u0080",
                "\u009f",
                "\ud800",
                "\udc00",
                "\udc00\ud800",
                "a\ud83d",
                "\ud83d\ud83d\ude00"
            })
    void bad(String name) {
        assertThat(RoomName.problem(name))
                .hasValueSatisfying(
                        sentence -> assertThat(sentence).endsWith(".").doesNotContain("\n"));
    }

    @Test
    void length_isCountedInCodePoints() {
        assertThat(RoomName.problem("x".repeat(255))).isEmpty();
        assertThat(RoomName.problem("😀".repeat(255))).isEmpty();
        assertThat(RoomName.problem("x".repeat(256))).isPresent();
        assertThat(RoomName.problem("😀".repeat(256))).isPresent();
    }
}
