package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CloseReasonTest {
    private static String wire(String text) {
        return new CloseReason(1013, text).wireText();
    }

    @Test
    void wireText_isCutAt123BytesAtTheBorderOfACharacter() {
        assertThat(wire("x".repeat(123))).hasSize(123);
        assertThat(wire("x".repeat(124))).isEqualTo("x".repeat(123));
        assertThat(wire("é".repeat(62))).isEqualTo("é".repeat(61));
        for (int ascii = 0; ascii < 8; ascii++) {
            for (String character : new String[] {"é", "日", "😀"}) {
                String text = "x".repeat(ascii) + character.repeat(130);
                String cut = wire(text);
                int bytes = cut.getBytes(StandardCharsets.UTF_8).length;
                assertThat(text).startsWith(cut);
                assertThat(bytes).isBetween(120, 123);
            }
        }
    }

    @Test
    void wireText_ofAShortReasonIsTheReason() {
        assertThat(wire("")).isEmpty();
        assertThat(wire("go away, 日本")).isEqualTo("go away, 日本");
    }

    @Test
    void final_areThoseThatStockClientsDoNotComeBackOn() {
        assertThat(CloseReason.malformed("x").isFinal()).isTrue();
        assertThat(CloseReason.deleted().isFinal()).isTrue();
        assertThat(CloseReason.tooLarge("x").isFinal()).isTrue();
        assertThat(CloseReason.restart().isFinal()).isFalse();
        assertThat(CloseReason.overload("x").isFinal()).isFalse();
        assertThat(CloseReason.hocuspocus().isFinal()).isTrue();
    }

    @Test
    void codes_areThoseOfTheContract() {
        assertThat(CloseReason.malformed("x").code()).isEqualTo(4400);
        assertThat(CloseReason.deleted().code()).isEqualTo(4404);
        assertThat(CloseReason.tooLarge("x").code()).isEqualTo(4413);
        assertThat(CloseReason.restart().code()).isEqualTo(1012);
        assertThat(CloseReason.overload("x").code()).isEqualTo(1013);
        assertThat(CloseReason.hocuspocus().code()).isEqualTo(4400);
        assertThat(CloseReason.hocuspocus().wireText())
                .as("it fits a close frame")
                .isEqualTo(CloseReason.hocuspocus().text());
    }
}
