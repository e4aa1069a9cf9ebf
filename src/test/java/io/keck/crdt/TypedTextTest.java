package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.EngineFuzz;
import io.keck.crdt.store.Refs;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Updates of the form that most documents have and short random ones have not: long blocks of texts and deletions between
 * two others, ids of the same length one after the other. That is what is read several bytes at once, skimmed and loaded
 * in one pass, and all of that has to agree with what reads number by number, on damaged bytes, too.
 */
class TypedTextTest {
    private static final String[] WIDE = {"é", "日本", "😀", "ÿ", "\u007f\u0080"};

    static LongStream seeds() {
        return LongStream.rangeClosed(1, Boolean.getBoolean("keck.campaign") ? 3_000 : 60);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void typedTexts_areReadAlikeInEveryWay(long seed) {
        Random random = new Random(seed);
        byte[] bytes = typed(random);

        assertThat(EngineFuzz.decode(bytes, false)).as("seed " + seed).isNotNull();
        for (int i = 0; i < 20; i++) {
            byte[] damaged = bytes.clone();
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            EngineFuzz.decode(damaged, false);
        }
    }

    private static byte[] typed(Random random) {
        UpdateBuilder update = new UpdateBuilder();
        int clients = 1 + random.nextInt(3);
        // one in so many texts is not ASCII
        int wide = random.nextInt(3) == 0 ? 0 : 1 << random.nextInt(11);
        long before = -1;
        for (int c = 0; c < clients; c++) {
            long client = random.nextLong(1L << (random.nextInt(4) == 0 ? 53 : 32)) >>> random.nextInt(30);
            if (client != before) {
                block(update, client, before, wide, random);
            }
            before = client;
        }
        return update.bytes();
    }

    private static void block(UpdateBuilder update, long client, long other, int wide, Random random) {
        long clock = 0;
        long first = random.nextBoolean() ? 0 : random.nextLong(1L << (7 * random.nextInt(1, 5)));
        update.client(client, first);
        int near = 1 << random.nextInt(20);
        for (int structs = 1 + random.nextInt(400); structs > 0; structs--) {
            UpdateBuilder.Id left = first + clock == 0 ? null : id(client, first + clock, other, near, random);
            UpdateBuilder.Id right =
                    left == null || random.nextInt(50) == 0 ? null : id(client, first + clock, other, near, random);
            int length = 1 + random.nextInt(1 << random.nextInt(9));
            if (left == null || random.nextInt(3) > 0) {
                boolean isWide = wide > 0 && random.nextInt(wide) == 0;
                String text = "t".repeat(length) + (isWide ? WIDE[random.nextInt(WIDE.length)] : "");
                update.text(text, left, right);
                clock += text.length();
            } else {
                update.item(Refs.DELETED, left, right, out -> out.writeVarUint(length));
                clock += length;
            }
        }
    }

    private static UpdateBuilder.Id id(long client, long clock, long other, int near, Random random) {
        return other >= 0 && random.nextInt(100) == 0
                ? UpdateBuilder.id(other, random.nextLong(1L << 30))
                : UpdateBuilder.id(client, clock - 1 - random.nextLong(Math.min(clock, near)));
    }
}
