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

    @Test
    void namesOfNewRooms_lookLikeWhatTheyAre() {
        for (String good : new String[] {
            "plan",
            "\u00e9t\u00e9",
            "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "a/b",
            "\ud83d\udc69\u200d\ud83d\ude80"
        }) {
            assertThat(RoomName.problemOfNew(good)).as(good).isEmpty();
        }
        for (String bad : new String[] {
            "e\u0301", "\u212b", "a\u2028b", "a\u2029b", "\u202etxt.exe", "a\u2066b", "a\u200fb", "a\u061cb"
        }) {
            assertThat(RoomName.problemOfNew(bad)).as(bad).isPresent();
            assertThat(RoomName.problem(bad)).as("one that is there is reached").isEmpty();
        }
    }
}
