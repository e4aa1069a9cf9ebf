package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random histories made by the real Yjs, in random orders of delivery: the store must bring real Yjs where the updates
 * themselves bring it. Few in a build, many with {@code -Dkeck.campaign=true}.
 */
class DifferentialTest {
    private static final int BATCH = 10;

    private static int batches() {
        return Boolean.getBoolean("keck.campaign") ? 300 : 6;
    }

    /** A history, and what Yjs said about it. */
    private record History(long seed, boolean gc, JsonNode end, List<byte[]> updates) {
        static List<History> ask(YjsOracle yjs, long firstSeed) {
            for (int i = 0; i < BATCH; i++) {
                Random random = new Random(firstSeed + i);
                yjs.session(firstSeed + i, 2 + random.nextInt(4), 20 + random.nextInt(120), gc(firstSeed + i));
            }
            YjsOracle.Answers answers = yjs.ask();
            List<History> histories = new ArrayList<>();
            for (int i = 0; i < BATCH; i++) {
                JsonNode end = answers.get(i);
                assertThat(end.get("fail")).as("seed %d", firstSeed + i).isNull();
                List<byte[]> updates = new ArrayList<>();
                end.get("updates").forEach(index -> updates.add(answers.blobs().get(index.intValue())));
                histories.add(new History(firstSeed + i, gc(firstSeed + i), end, updates));
            }
            return histories;
        }

        private static boolean gc(long seed) {
            return seed % 5 != 0;
        }

        /** The same for everybody who got everything. */
        JsonNode state(String field) {
            return end.get(field);
        }

        /** In some order, some twice, some merged. */
        StructStore deliver(Random random) {
            List<byte[]> order = new ArrayList<>(updates);
            for (int i = random.nextInt(5); i > 0; i--) {
                order.add(updates.get(random.nextInt(updates.size())));
            }
            Collections.shuffle(order, random);
            StructStore store = new StructStore(!gc);
            for (int i = 0; i < order.size(); ) {
                int end = Math.min(order.size(), i + 1 + random.nextInt(5));
                List<Update> batch = new ArrayList<>();
                order.subList(i, end).forEach(u -> batch.add(Update.decode(u)));
                store.apply(store.reduce(Update.merge(batch, !gc)));
                i = end;
            }
            return store;
        }
    }

    @Test
    void randomHistories_endWhereYjsEnds() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < batches(); batch++) {
                List<History> histories = History.ask(yjs, 1L + (long) batch * BATCH);
                for (History h : histories) {
                    StructStore store = h.deliver(new Random(h.seed()));
                    assertThat(store.stateVector())
                            .as("seed %d", h.seed())
                            .isEqualTo(Fixtures.stateVector(h.state("svJson")));
                    yjs.apply(h.gc(), h.state("roots"), store.encode());
                }
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < histories.size(); i++) {
                    for (String field : List.of("svJson", "ds", "unitSha", "pending")) {
                        assertThat(answers.get(i).get(field))
                                .as("seed %d %s", histories.get(i).seed(), field)
                                .isEqualTo(histories.get(i).state(field));
                    }
                }
            }
        }
    }

    /** A client that has some of it and asks for the rest, wherever the store stands itself. */
    @Test
    void randomDiffs_completeAClient() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < batches(); batch++) {
                List<History> histories = History.ask(yjs, 100_001L + (long) batch * BATCH);
                for (History h : histories) {
                    Random random = new Random(h.seed());
                    List<byte[]> known = new ArrayList<>(
                            h.updates().subList(0, random.nextInt(h.updates().size())));
                    StructStore client = new StructStore(!h.gc());
                    known.forEach(u -> client.apply(Update.decode(u)));
                    known.add(h.deliver(random).diff(client.stateVector()));
                    yjs.apply(h.gc(), h.state("roots"), known);
                }
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < histories.size(); i++) {
                    assertThat(answers.get(i).get("unitSha"))
                            .as("seed %d", histories.get(i).seed())
                            .isEqualTo(histories.get(i).state("unitSha"));
                }
            }
        }
    }

    /** What works on bytes alone says what it says in Yjs: updates merged with gaps, cut, and their state vector. */
    @Test
    void bytesMergedAndCut_sayWhatTheySayInYjs() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < batches(); batch++) {
                List<History> histories = History.ask(yjs, 300_001L + (long) batch * BATCH);
                List<Update> ours = new ArrayList<>();
                List<StateVector> known = new ArrayList<>();
                for (History h : histories) {
                    Random random = new Random(h.seed());
                    List<byte[]> some = new ArrayList<>(h.updates());
                    Collections.shuffle(some, random);
                    some.subList(0, random.nextInt(1 + some.size() / 4)).clear();
                    Update merged =
                            Update.merge(some.stream().map(Update::decode).toList(), true);
                    Map<Long, Long> clocks = new HashMap<>();
                    merged.stateVector()
                            .asMap()
                            .forEach((client, clock) -> clocks.put(client, random.nextLong(clock + 1)));
                    ours.add(merged);
                    known.add(StateVector.of(clocks));
                    yjs.mergeAndDiff(some, StateVector.of(clocks).encode());
                }
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < histories.size(); i++) {
                    String which = "seed " + histories.get(i).seed();
                    JsonNode answer = answers.get(i);
                    byte[] merged = answers.blobs().get(answer.get("merged").intValue());
                    byte[] diff = answers.blobs().get(answer.get("diff").intValue());
                    byte[] vector = answers.blobs().get(answer.get("vector").intValue());
                    assertThat(UnitForm.lines(ours.get(i).encode())).as(which).isEqualTo(UnitForm.lines(merged));
                    assertThat(ours.get(i).stateVector()).as(which).isEqualTo(StateVector.decode(vector));
                    assertThat(Update.decode(merged).stateVector()).as(which).isEqualTo(StateVector.decode(vector));
                    assertThat(UnitForm.lines(ours.get(i).diff(known.get(i)).encode()))
                            .as(which)
                            .isEqualTo(UnitForm.lines(diff));
                    assertThat(UnitForm.lines(
                                    Update.decode(merged).diff(known.get(i)).encode()))
                            .as(which)
                            .isEqualTo(UnitForm.lines(diff));
                }
            }
        }
    }

    /** The twin of the ones above: an oracle that does not notice a lost update would prove nothing. */
    @Test
    void lostUpdate_isNoticed() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            List<History> histories = History.ask(yjs, 200_001L);
            Map<Integer, History> asked = new HashMap<>();
            for (History h : histories) {
                StructStore store = new StructStore(!h.gc());
                h.updates().subList(1, h.updates().size()).forEach(u -> store.apply(Update.decode(u)));
                asked.put(yjs.apply(h.gc(), null, store.encode()), h);
            }
            YjsOracle.Answers answers = yjs.ask();
            asked.forEach((i, h) -> assertThat(answers.get(i).get("unitSha"))
                    .as("seed %d", h.seed())
                    .isNotEqualTo(h.state("unitSha")));
        }
    }
}
