package io.keck.crdt.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.RandomUpdates;
import io.keck.crdt.UpdateBuilder;
import io.keck.crdt.lib0.Encoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link EngineFuzz} asks of any bytes, asked of its corpus and of random histories, whole and damaged. */
class EngineFuzzTest {
    private static final Path CORPUS = Path.of("src/test/resources/fuzz");

    static LongStream seeds() {
        return LongStream.rangeClosed(1, Boolean.getBoolean("keck.campaign") ? 20_000 : 200);
    }

    /** Updates as the fuzzer takes them. */
    static byte[] input(List<byte[]> updates, boolean v2) {
        Encoder out = new Encoder();
        for (byte[] update : updates) {
            byte[] bytes = v2 ? UpdateV2.encode(Update.decode(update)) : update;
            out.writeUint8(bytes.length >> 8);
            out.writeUint8(bytes.length);
            out.writeUint8(v2 ? 1 : 0);
            out.writeBytes(bytes, 0, bytes.length);
        }
        return out.toByteArray();
    }

    private static List<byte[]> some(Random random, long seed) {
        int[] first = {0, 0, 0, Integer.MAX_VALUE - 20};
        List<byte[]> updates =
                new ArrayList<>(new RandomUpdates(seed, 1 + random.nextInt(3), first[random.nextInt(4)]).make(8));
        Collections.shuffle(updates, random);
        return updates;
    }

    @Test
    void corpus_holds() throws IOException {
        try (Stream<Path> files = Files.list(CORPUS)) {
            List<Path> inputs = files.sorted().toList();
            assertThat(inputs).hasSizeGreaterThan(10);
            for (Path input : inputs) {
                try {
                    EngineFuzz.fuzzerTestOneInput(Files.readAllBytes(input));
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError(input.toString(), e);
                }
            }
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void randomUpdates_hold(long seed) {
        Random random = new Random(seed);
        EngineFuzz.fuzzerTestOneInput(input(some(random, seed), random.nextInt(4) == 0));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void damagedUpdates_hold(long seed) {
        Random random = new Random(seed);
        byte[] whole = input(some(random, seed), random.nextInt(4) == 0);
        for (int i = 0; i < 30; i++) {
            byte[] damaged = whole.clone();
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                damaged[random.nextInt(damaged.length)] = (byte) (random.nextBoolean() ? random.nextInt(16) : 0xff);
            }
            EngineFuzz.fuzzerTestOneInput(damaged);
        }
    }

    /** The twin: what is asked must see a reader that passes over a struct. */
    @Test
    void aStructPassedOver_isSeen() {
        Update two = new UpdateBuilder().client(1, 0).text("ab").gc(1).build();
        StructStore store = new StructStore();
        store.apply(two);
        StructStore blind = new StructStore();
        blind.apply(new UpdateBuilder().client(1, 0).text("ab").build());
        assertThat(blind.stateVector()).isNotEqualTo(store.stateVector());
        assertThatThrownBy(() -> EngineFuzz.agree(blind, List.of(two))).isInstanceOf(AssertionError.class);
        EngineFuzz.agree(store, List.of(two));
    }
}
