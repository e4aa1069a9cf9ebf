package io.keck.crdt.lib0;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnyTest {
    private static byte[] write(Object value) {
        Encoder out = new Encoder();
        Any.write(out, value);
        return out.toByteArray();
    }

    private static String hex(Object value) {
        return HexFormat.of().formatHex(write(value));
    }

    private static Object read(byte[] bytes) {
        Decoder in = new Decoder(bytes);
        Object value = Any.read(in, 100);
        assertThat(in.hasRemaining()).isFalse();
        return value;
    }

    @Test
    void numbers_takeTheSmallestKindThatHoldsThem() {
        assertThat(hex(0)).isEqualTo("7d00");
        assertThat(hex(-0.0)).isEqualTo("7d40");
        assertThat(hex(2147483647)).startsWith("7d");
        assertThat(hex(-2147483647)).startsWith("7d");
        assertThat(hex(2147483648L)).isEqualTo("7c4f000000");
        assertThat(hex(0.5)).startsWith("7c");
        assertThat(hex(0.1)).startsWith("7b");
        assertThat(hex(2147483649L)).startsWith("7b");
        assertThat(hex(Double.NaN)).startsWith("7b");
        assertThat(hex(Double.POSITIVE_INFINITY)).startsWith("7c");
        assertThat(hex(BigInteger.ONE)).isEqualTo("7a0000000000000001");
    }

    @Test
    void negativeZero_isReadBackAsNegativeZero() {
        assertThat(read(write(-0.0))).isEqualTo(-0.0);
    }

    @Test
    void undefined_isNotNull() {
        assertThat(read(write(Any.UNDEFINED))).isSameAs(Any.UNDEFINED);
        assertThat(read(write(null))).isNull();
    }

    @Test
    void keys_keepTheirOrder() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("z", 1.0);
        map.put("a", null);
        map.put("", List.of());
        Object back = read(write(map));
        assertThat(back).isEqualTo(map);
        assertThat(((Map<?, ?>) back).keySet()).map(String::valueOf).containsExactly("z", "a", "");
    }

    @Test
    void keysThatComeTwice_theLastCounts() {
        // as where JavaScript assigns a property twice
        Object value = read(HexFormat.of().parseHex("7602" + "01617d01" + "01617d02"));
        assertThat(value).isEqualTo(Map.of("a", 2.0));
    }

    @Test
    void whatIsNoJavaScriptValue_cannotBeWritten() {
        assertThatThrownBy(() -> write('c')).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> write(List.of('c'))).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "73",
                "80",
                "7d",
                "7d80",
                "7c000000",
                "7b00",
                "7a",
                "7702",
                "7701ff",
                "76",
                "7601",
                "760161",
                "75",
                "7502",
                "75027e",
                "7401",
                "75ffffffffffffff0f",
                "76ffffffff0f"
            })
    void malformedBytes_areRefusedByReadAndSkip(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        assertThatThrownBy(() -> Any.read(new Decoder(bytes), 100)).isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> Any.skip(new Decoder(bytes), 100)).isInstanceOf(DecodeException.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void randomValues_areWrittenReadAndSkipped(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            byte[] bytes = write(value(random, 4));
            Object back = read(bytes);
            assertThat(write(back)).as("seed %d value %d", seed, i).isEqualTo(bytes);
            Decoder in = new Decoder(bytes);
            Any.skip(in, 100);
            assertThat(in.hasRemaining()).as("seed %d value %d", seed, i).isFalse();
        }
    }

    private static Object value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 12 : 9)) {
            case 0 -> null;
            case 1 -> Any.UNDEFINED;
            case 2 -> random.nextBoolean();
            case 3 -> random.nextInt();
            case 4 -> random.nextGaussian();
            case 5 -> (double) random.nextFloat();
            case 6 -> BigInteger.valueOf(random.nextLong());
            case 7 -> "é😀".repeat(random.nextInt(3));
            case 8 -> new byte[random.nextInt(4)];
            case 9 -> {
                Map<String, Object> map = new LinkedHashMap<>();
                for (int n = random.nextInt(4); n > 0; n--) {
                    map.put("k" + n, value(random, depth - 1));
                }
                yield map;
            }
            default -> {
                List<Object> list = new ArrayList<>();
                for (int n = random.nextInt(4); n > 0; n--) {
                    list.add(value(random, depth - 1));
                }
                yield list;
            }
        };
    }

    @Test
    void nesting_isAllowedUpToTheLimit() {
        byte[] five = write(List.of(List.of(List.of(List.of(List.of())))));
        Any.skip(new Decoder(five), 5);
        assertThat(Any.read(new Decoder(five), 5)).isInstanceOf(List.class);
        assertThatThrownBy(() -> Any.skip(new Decoder(five), 4)).isInstanceOf(DecodeException.class);
        assertThatThrownBy(() -> Any.read(new Decoder(five), 4)).isInstanceOf(DecodeException.class);
    }

    @Test
    void nestingOfAMillion_needsNoStack() {
        byte[] bytes = new byte[2_000_001];
        for (int i = 0; i < 1_000_000; i++) {
            bytes[2 * i] = 117;
            bytes[2 * i + 1] = 1;
        }
        bytes[2_000_000] = 126;
        Any.skip(new Decoder(bytes), 1_000_000);
        Object value = Any.read(new Decoder(bytes), 1_000_000);
        Encoder out = new Encoder();
        Any.write(out, value);
        assertThat(Arrays.equals(out.toByteArray(), bytes)).isTrue();
        assertThat(Collections.frequency((List<?>) value, null)).isZero();
    }

    @Test
    void writeVarInt_writesAnIntAsTheSameNumber() {
        for (int shift = 0; shift < 32; shift++) {
            for (int n : new int[] {1 << shift, (1 << shift) - 1, -(1 << shift), ~(1 << shift)}) {
                Encoder ofInt = new Encoder();
                Encoder ofDouble = new Encoder();
                ofInt.writeVarInt(n);
                ofDouble.writeVarInt((double) n);
                assertThat(ofInt.toByteArray()).as("%d", n).isEqualTo(ofDouble.toByteArray());
            }
        }
    }
}
