package io.keck.crdt.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Allocations;
import io.keck.crdt.lib0.Encoder;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Ranges encoded by groups, some of them kept, must have the bytes of ranges encoded plainly. */
class EncodedRangesTest {
    static LongStream seeds() {
        return LongStream.rangeClosed(1, Boolean.getBoolean("keck.campaign") ? 500 : 10);
    }

    private static byte[] plain(Ranges ranges) {
        Encoder out = new Encoder();
        ranges.encode(out);
        return out.toByteArray();
    }

    private static byte[] cached(Ranges ranges) {
        Encoder out = new Encoder(ranges.encodedLength());
        ranges.encodeCached(out);
        return out.finish();
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void afterEveryChange_theBytesAreThoseOfPlainEncoding(long seed) {
        Random random = new Random(seed);
        Ranges ranges = new Ranges();
        long top = random.nextBoolean() ? 20_000 : Integer.MAX_VALUE + 5_000L;
        for (int i = 0; i < 4_000; i++) {
            switch (random.nextInt(40)) {
                case 0 -> ranges.add(at(random, top), top);
                case 1 -> {
                    long from = at(random, top);
                    ranges.add(from, from + random.nextInt(3_000));
                }
                case 2 -> ranges.addAll(some(random, top));
                case 3 -> {
                    if (random.nextInt(20) == 0) {
                        ranges.dropBelow(at(random, top));
                    }
                }
                case 4 -> top += 5_000;
                default -> {
                    long from = at(random, top);
                    ranges.add(from, from + 1 + random.nextInt(2));
                }
            }
            if (random.nextInt(3) > 0) {
                assertThat(cached(ranges)).as("seed %d, change %d", seed, i).isEqualTo(plain(ranges));
            }
        }
    }

    private static long at(Random random, long top) {
        return Math.max(0, top - 1 - random.nextInt(20_000));
    }

    private static Ranges some(Random random, long top) {
        Ranges some = new Ranges();
        for (int i = random.nextInt(40); i > 0; i--) {
            long from = at(random, top);
            some.add(from, from + 1);
        }
        return some;
    }

    /** The twin: groups that are not told of a change give old bytes, and the test above would see it. */
    @Test
    void groupsThatAreNotTold_giveOldBytes() {
        Ranges ranges = new Ranges();
        for (int i = 0; i < 500; i++) {
            ranges.add(4L * i, 4L * i + 1);
        }
        EncodedRanges untold = new EncodedRanges(ranges.size());
        Encoder before = new Encoder();
        untold.write(ranges, before);
        ranges.add(401, 402);
        Encoder after = new Encoder();
        untold.write(ranges, after);
        assertThat(after.toByteArray()).isEqualTo(before.toByteArray());
        assertThat(cached(ranges)).isEqualTo(plain(ranges)).isNotEqualTo(after.toByteArray());
    }

    @Test
    void oneChange_encodesOneGroup() {
        Ranges ranges = new Ranges();
        for (int i = 0; i < 10_000; i++) {
            ranges.add(4L * i, 4L * i + 1);
        }
        byte[] before = cached(ranges);
        long allocated = Allocations.of(() -> cached(ranges));
        ranges.add(20_001, 20_002);
        long again = Allocations.of(() -> cached(ranges));
        assertThat(before.length).isGreaterThan(30_000);
        assertThat(again - allocated).isLessThan(3_000); // one group and no more
    }
}
