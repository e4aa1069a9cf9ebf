package io.keck.crdt.lib0;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8Test {
    /** Java's own strict decoder refuses the same bytes as a fatal TextDecoder. */
    private static String strict(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static void check(byte[] bytes) {
        String expected = strict(bytes);
        String hex = HexFormat.of().formatHex(bytes);
        if (expected == null) {
            assertThatThrownBy(() -> Utf8.length16(bytes, 0, bytes.length))
                    .as(hex)
                    .isInstanceOf(DecodeException.class);
        } else {
            assertThat(Utf8.length16(bytes, 0, bytes.length)).as(hex).isEqualTo(expected.length());
        }
    }

    @Test
    void everySequenceOfThreeBytesAtABorder_isJudgedAsByAStrictDecoder() {
        int[] borders = {
            0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
            0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff
        };
        for (int a : borders) {
            for (int b : borders) {
                check(new byte[] {(byte) a, (byte) b});
                for (int c : borders) {
                    check(new byte[] {(byte) a, (byte) b, (byte) c});
                    check(new byte[] {(byte) a, (byte) b, (byte) c, (byte) 0x80});
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void randomBytes_areJudgedAsByAStrictDecoder(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(6)];
            random.nextBytes(bytes);
            check(bytes);
        }
    }

    @Test
    void everyCodePoint_isWrittenAndReadBack() {
        Encoder out = new Encoder();
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            out.reset();
            out.writeCodePoint(c);
            byte[] bytes = out.toByteArray();
            int n = Utf8.sequenceLength(bytes[0]);
            int expected = c >= 0xd800 && c <= 0xdfff ? 0xfffd : c;
            if (n != bytes.length || Utf8.codePoint(bytes, 0, n) != expected) {
                assertThat(Utf8.codePoint(bytes, 0, n)).as("U+%x", c).isEqualTo(expected);
                assertThat(n).as("U+%x", c).isEqualTo(bytes.length);
            }
        }
    }

    @Test
    void loneSurrogates_areWrittenAsReplacementCharacters() {
        Encoder out = new Encoder();
        out.writeVarString("\ud83d\ud83d\ude00\ude00");
        assertThat(new Decoder(out.toByteArray()).readVarString()).isEqualTo("\ufffd\ud83d\ude00\ufffd");
    }

    @Test
    void length16_countsOnlyTheSection() {
        byte[] bytes = "é😀é".getBytes(StandardCharsets.UTF_8);
        assertThat(Utf8.length16(bytes, 2, 6)).isEqualTo(2);
        assertThat(Utf8.length16(bytes, 2, 2)).isZero();
        assertThatThrownBy(() -> Utf8.length16(bytes, 2, 5)).isInstanceOf(DecodeException.class);
    }
}
