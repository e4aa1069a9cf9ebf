package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Damaged updates end in a {@link DecodeException} or in a store that still works, never in another exception. */
class UpdateFuzzTest {
    static LongStream seeds() {
        return LongStream.rangeClosed(1, Boolean.getBoolean("keck.campaign") ? 2_000 : 20);
    }

    private static void check(String which, byte[] bytes) {
        try {
            Update update = Update.decode(bytes);
            StructStore store = new StructStore();
            store.apply(store.reduce(update));
            byte[] encoded = store.encode();
            StructStore copy = new StructStore();
            copy.apply(Update.decode(encoded));
            assertThat(copy.encode()).as(which).isEqualTo(encoded);
            assertThat(store.reduce(update).isEmpty()).as(which).isTrue();
            assertThat(Update.decode(update.encode()).stateVector()).as(which).isEqualTo(update.stateVector());
        } catch (DecodeException e) {
            assertThat(e).hasNoCause();
        } catch (RuntimeException e) {
            fail(which + ": " + HexFormat.of().formatHex(bytes), e);
        }
    }

    private static byte[] sample(long seed) {
        StructStore store = new StructStore(true);
        List<byte[]> updates = new RandomUpdates(seed, 3).make(25);
        updates.forEach(u -> store.apply(Update.decode(u)));
        return store.encode();
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void truncatedAnywhere_isRefused(long seed) {
        byte[] bytes = sample(seed);
        for (int n = 0; n < bytes.length; n++) {
            byte[] cut = Arrays.copyOf(bytes, n);
            try {
                Update.decode(cut);
                fail("seed " + seed + ": accepted when cut at " + n);
            } catch (DecodeException e) {
                assertThat(e).hasNoCause();
            }
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyFlippedBit_isRefusedOrHarmless(long seed) {
        byte[] bytes = sample(seed);
        for (int bit = 0; bit < bytes.length * 8; bit++) {
            byte[] flipped = bytes.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            check("seed " + seed + " bit " + bit, flipped);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void randomDamage_isRefusedOrHarmless(long seed) {
        Random random = new Random(seed);
        byte[] bytes = sample(seed);
        for (int i = 0; i < 2_000; i++) {
            byte[] damaged = bytes.clone();
            for (int n = 1 + random.nextInt(4); n > 0; n--) {
                damaged[random.nextInt(damaged.length)] = (byte) (random.nextBoolean() ? random.nextInt() : 0xff);
            }
            int from = random.nextInt(damaged.length);
            check(
                    "seed " + seed + " number " + i,
                    random.nextInt(4) == 0
                            ? Arrays.copyOfRange(damaged, from, from + random.nextInt(damaged.length - from))
                            : damaged);
        }
    }
}
