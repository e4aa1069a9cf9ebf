package io.keck.crdt.lib0;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The coders of runs at their edges; what they do otherwise is in Lib0Conformance. */
class RunsTest {
    private static Decoder hex(String hex) {
        return new Decoder(HexFormat.of().parseHex(hex));
    }

    @Test
    void differencesOf54Bits_areWrittenAndRead() {
        long max = Decoder.MAX_SAFE_INTEGER;
        long[] numbers = {max, 0, 0, 0, max, max - 1, 1, 1L << 52, 0, (1L << 52) + 1, max};
        IntDiffOptRleEncoder out = new IntDiffOptRleEncoder();
        for (long n : numbers) {
            out.write(n);
        }
        IntDiffOptRleDecoder in = new IntDiffOptRleDecoder(new Decoder(out.toByteArray()));
        for (long n : numbers) {
            assertThat(in.read()).isEqualTo(n);
        }
        assertThat(in.hasRemaining()).isFalse();
    }

    @Test
    void differencesBeyondThat_areRefused() {
        for (String bytes : new String[] {"41", "bfffffffffffffff0f", "ffffffffffffffff01", "80808080808080808001"}) {
            IntDiffOptRleDecoder in = new IntDiffOptRleDecoder(hex(bytes));
            assertThatThrownBy(in::read).isInstanceOf(DecodeException.class);
        }
    }

    @Test
    void numbersOutsideTheRange_areNotWritten() {
        for (long n : new long[] {-1, Decoder.MAX_SAFE_INTEGER + 1}) {
            assertThatThrownBy(() -> new IntDiffOptRleEncoder().write(n)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new UintOptRleEncoder().write(n)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void emptyColumns_haveNothingToRead() {
        assertThatThrownBy(() -> new RleDecoder(hex("")).read()).isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> new UintOptRleDecoder(hex("")).read()).isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> new IntDiffOptRleDecoder(hex("")).read()).isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> new StringDecoder(hex(""))).isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> new StringDecoder(hex("00")).read()).isInstanceOf(DecodeException.class);
    }

    @Test
    void aRunOf2To53_costsNothingUntilItIsRead() {
        UintOptRleDecoder in = new UintOptRleDecoder(hex("45ffffffffffffff0f"));
        assertThat(in.read()).isEqualTo(5);
        assertThat(in.read()).isEqualTo(5);
        assertThat(in.hasRemaining()).isTrue();
    }

    @Test
    void theLastRunOfBytes_neverEnds() {
        RleDecoder in = new RleDecoder(hex("070109"));
        assertThat(in.read()).isEqualTo(7);
        assertThat(in.hasRemaining()).isTrue();
        assertThat(in.read()).isEqualTo(7);
        for (int i = 0; i < 1_000; i++) {
            assertThat(in.read()).isEqualTo(9);
        }
        assertThat(in.hasRemaining()).isFalse();
    }

    @Test
    void aPairCutInTwo_isTwoHalves() {
        StringEncoder out = new StringEncoder();
        out.write("a\ud83d");
        out.write("");
        out.write("\ude00b😀");
        out.write(new byte[] {'c'}, 0, 1);
        byte[] bytes = out.toByteArray();
        StringDecoder in = new StringDecoder(new Decoder(bytes));
        assertThat(in.read()).isEqualTo("a\ud83d");
        assertThat(in.read()).isEmpty();
        assertThat(in.read()).isEqualTo("\ude00b😀");
        assertThat(in.read()).isEqualTo("c");
        StringDecoder copied = new StringDecoder(new Decoder(bytes));
        Encoder copy = new Encoder();
        for (int i = 0; i < 4; i++) {
            copied.copyTo(copy);
        }
        Decoder read = new Decoder(copy.toByteArray());
        assertThat(read.readVarString()).isEqualTo("a\ufffd");
        assertThat(read.readVarString()).isEmpty();
        assertThat(read.readVarString()).isEqualTo("\ufffdb😀");
    }

    @Test
    void aLoneHalfBeforeUtf8_isReplaced() {
        StringEncoder out = new StringEncoder();
        out.write("\ud83d");
        out.write(new byte[] {'c'}, 0, 1);
        StringDecoder in = new StringDecoder(new Decoder(out.toByteArray()));
        assertThat(in.read()).isEqualTo("\ufffd");
        assertThat(in.read()).isEqualTo("c");
    }

    @Test
    void stringsBeyondTheText_areRefused() {
        StringDecoder in = new StringDecoder(hex("026162" + "01" + "02"));
        assertThat(in.read()).isEqualTo("a");
        assertThatThrownBy(in::read).isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> new StringDecoder(hex("01ff"))).isInstanceOf(DecodeException.class);
    }
}
