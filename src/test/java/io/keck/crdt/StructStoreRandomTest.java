package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A store must not care in which order, how often and in what company updates come. */
class StructStoreRandomTest {
    static LongStream seeds() {
        return LongStream.rangeClosed(1, Boolean.getBoolean("keck.campaign") ? 5_000 : 150);
    }

    private static List<Update> updates(Random random, long seed) {
        return new RandomUpdates(seed, 1 + random.nextInt(5))
                .make(5 + random.nextInt(80)).stream().map(Update::decode).collect(Collectors.toList());
    }

    private static StructStore inOrder(List<Update> updates, boolean keepDeleted) {
        StructStore store = new StructStore(keepDeleted);
        updates.forEach(store::apply);
        return store;
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void anyOrder_partlyMergedAndRepeated_givesTheSameBytes(long seed) {
        Random random = new Random(seed);
        List<Update> updates = updates(random, seed);
        boolean keepDeleted = random.nextBoolean();
        byte[] expected = inOrder(updates, keepDeleted).encode();
        for (int round = 0; round < 4; round++) {
            List<Update> order = new ArrayList<>(updates);
            Collections.shuffle(order, random);
            StructStore store = new StructStore(keepDeleted);
            for (int i = 0; i < order.size(); ) {
                // a big batch fills many gaps at once, which is another way through the store
                int size = 1 + random.nextInt(random.nextInt(4) == 0 ? order.size() : 4);
                int end = Math.min(order.size(), i + size);
                Update entry = Update.merge(order.subList(i, end), keepDeleted);
                store.apply(random.nextBoolean() ? store.reduce(entry) : entry);
                if (random.nextInt(3) == 0) {
                    store.apply(order.get(random.nextInt(end)));
                }
                i = end;
            }
            assertThat(store.encode()).as("round %d", round).isEqualTo(expected);
            assertThat(store.stateVector())
                    .isEqualTo(inOrder(updates, keepDeleted).stateVector());
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void reduce_isWhatIsMissingAndNothingElse(long seed) {
        Random random = new Random(seed);
        List<Update> updates = updates(random, seed);
        List<Update> some = updates.stream().filter(u -> random.nextBoolean()).collect(Collectors.toList());
        StructStore store = inOrder(some, true);
        Update everything = Update.decode(inOrder(updates, true).encode());
        Update news = store.reduce(everything);
        for (Update known : some) {
            assertThat(store.reduce(known).isEmpty()).isTrue();
        }
        assertThat(sharedClocks(news, Update.decode(store.encode()))).isZero();
        store.apply(news);
        assertThat(store.encode()).isEqualTo(everything.encode());
        assertThat(store.reduce(everything).isEmpty()).isTrue();
    }

    private static int sharedClocks(Update a, Update b) {
        int shared = 0;
        StructRows first = a.rows();
        StructRows second = b.rows();
        for (int i = 0; i < first.count(); i++) {
            for (int k = 0; k < second.count(); k++) {
                boolean sameClient = first.client(i) == second.client(k);
                boolean apart = first.end(i) <= second.clock(k) || second.end(k) <= first.clock(i);
                shared += sameClient && !apart ? 1 : 0;
            }
        }
        return shared;
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void diff_fromAnyStateVector_completesWhoHasIt(long seed) {
        Random random = new Random(seed);
        // pairs cut in two are lossy by design; the rest must be exact
        List<Update> updates = updates(random, seed);
        StructStore whole = inOrder(updates, false);
        StructStore part = inOrder(updates.subList(0, random.nextInt(updates.size())), false);
        Update diff = Update.decode(whole.diff(part.stateVector()));
        part.apply(diff);
        assertThat(part.encode()).isEqualTo(whole.encode());
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void cutAnywhere_everyClockIsInOneOfTheTwoParts(long seed) {
        Random random = new Random(seed);
        List<Update> updates = updates(random, seed);
        StructStore whole = inOrder(updates, false);
        Map<Long, Long> clocks = whole.stateVector().asMap().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> random.nextLong(e.getValue() + 1)));
        StateVector cut = StateVector.of(clocks);
        StructStore late = new StructStore();
        late.apply(Update.decode(whole.diff(cut)));
        Update early = late.reduce(Update.decode(whole.encode()));
        late.apply(early);
        assertThat(late.stateVector()).isEqualTo(whole.stateVector());
        assertThat(late.reduce(Update.decode(whole.encode())).isEmpty()).isTrue();
        assertThat(whole.reduce(Update.decode(late.encode())).isEmpty()).isTrue();
        assertThat(late.encode()).hasSizeBetween(whole.encode().length - 64, whole.encode().length + 64);
    }
}
