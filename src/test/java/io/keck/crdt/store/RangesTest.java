package io.keck.crdt.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RangesTest {
    private static final int CLOCKS = 200;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomAdds_areWhatABitSetHolds(long seed) {
        Random random = new Random(seed);
        Ranges ranges = new Ranges();
        BitSet bits = new BitSet();
        for (int i = 0; i < 300; i++) {
            int from = random.nextInt(CLOCKS);
            int to = Math.min(CLOCKS, from + random.nextInt(random.nextInt(10) == 0 ? 60 : 5));
            String which = "seed " + seed + ", add " + i + ": " + from + "-" + to;
            checkQuestions(which, ranges, bits, from, to);
            int before = bits.cardinality();
            bits.set(from, to);
            assertThat(ranges.add(from, to)).as(which).isEqualTo(bits.cardinality() - before);
            checkContent(which, ranges, bits);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void addingAll_isAddingEach(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            Ranges ranges = new Ranges();
            Ranges others = new Ranges();
            BitSet bits = new BitSet();
            for (int i = random.nextInt(60); i > 0; i--) {
                int from = random.nextInt(CLOCKS);
                int to = from + 1 + random.nextInt(3);
                (random.nextBoolean() ? ranges : others).add(from, to);
                bits.set(from, to);
            }
            ranges.addAll(others);
            checkContent("seed " + seed + " round " + round, ranges, bits);
        }
    }

    private static void checkQuestions(String which, Ranges ranges, BitSet bits, int from, int to) {
        if (from == to) {
            return;
        }
        int set = bits.get(from, to).cardinality();
        assertThat(ranges.covers(from, to)).as(which).isEqualTo(set == to - from);
        assertThat(ranges.intersects(from, to)).as(which).isEqualTo(set > 0);
        Ranges missing = new Ranges();
        ranges.missing(from, to, missing);
        BitSet expected = new BitSet();
        expected.set(from, to);
        expected.andNot(bits);
        checkContent(which, missing, expected);
    }

    /** The same clocks, and as few ranges as they need. */
    private static void checkContent(String which, Ranges ranges, BitSet bits) {
        int i = 0;
        for (int from = bits.nextSetBit(0); from >= 0; i++) {
            int to = bits.nextClearBit(from);
            assertThat(i).as(which).isLessThan(ranges.size());
            assertThat(ranges.from(i)).as(which).isEqualTo(from);
            assertThat(ranges.to(i)).as(which).isEqualTo(to);
            from = bits.nextSetBit(to);
        }
        assertThat(ranges.size()).as(which).isEqualTo(i);
    }

    @Test
    void firstEndingAfter_findsTheRangeOrTheEnd() {
        Ranges ranges = new Ranges();
        ranges.add(2, 4);
        ranges.add(6, 8);
        assertThat(ranges.firstEndingAfter(0)).isEqualTo(0);
        assertThat(ranges.firstEndingAfter(3)).isEqualTo(0);
        assertThat(ranges.firstEndingAfter(4)).isEqualTo(1);
        assertThat(ranges.firstEndingAfter(8)).isEqualTo(2);
    }
}
