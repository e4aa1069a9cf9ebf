package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.Update;
import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random histories of real Yjs, of which states are restored and changes are taken back; real Yjs must see the same. */
class RestorationDifferentialTest {
    private static final int BATCH = 25;
    private static final int MOMENTS = 3;
    private static final JsonNode ROOTS =
            Fixtures.json("{\"t\":\"text\",\"a\":\"array\",\"m\":\"map\",\"x\":\"xmlFragment\"}");

    private static int batches() {
        return Boolean.getBoolean("keck.campaign") ? 200 : 4;
    }

    private static Doc doc(boolean gc, List<byte[]> updates) {
        Doc doc = DocSessionConformance.doc(gc);
        updates.forEach(doc::applyUpdate);
        return doc;
    }

    /** The update of a restoration, and the target with it. */
    private static byte[] apply(Restoration restoration, Doc target) {
        List<byte[]> made = new ArrayList<>();
        Subscription seen = target.onUpdate((update, transaction) -> made.add(update));
        Restoration.Outcome outcome = restoration.apply(target, "restore");
        seen.close();
        assertThat(outcome.isUnchanged()).isEqualTo(made.isEmpty());
        return made.isEmpty() ? new byte[] {0, 0} : made.get(0);
    }

    private static List<byte[]> with(List<byte[]> updates, byte[]... more) {
        List<byte[]> all = new ArrayList<>(updates);
        all.addAll(List.of(more));
        return all;
    }

    /** The clocks that a document has and an earlier state of it has not. */
    private static DeleteSet since(Doc then, Doc now) {
        DeleteSet inserted = new DeleteSet();
        now.stateVector().asMap().forEach((client, clock) -> {
            long from = then.stateVector().clock(client);
            if (from < clock) {
                inserted.add(client, from, clock);
            }
        });
        return inserted;
    }

    @Test
    void restoredStates_areThoseOfThatMoment() throws Exception {
        long first = Seeds.next("restored states");
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < batches(); batch++) {
                restore(yjs, first + (long) batch * BATCH);
            }
        }
    }

    private static void restore(YjsOracle yjs, long first) {
        for (int i = 0; i < BATCH; i++) {
            Random random = new Random(first + i);
            yjs.session(first + i, 2 + random.nextInt(4), 20 + random.nextInt(150), i % 3 != 0);
        }
        YjsOracle.Answers answers = yjs.ask();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
            long seed = first + i;
            Random random = new Random(seed);
            List<byte[]> updates = new ArrayList<>();
            answers.get(i).get("updates").forEach(index -> updates.add(answers.blob(index)));
            boolean hasPairs = i % 3 != 0;
            for (int moment = 0; moment < MOMENTS; moment++) {
                int to = random.nextInt(updates.size() + 1);
                Doc then = doc(random.nextBoolean(), updates.subList(0, to));
                String state = TaggedJson.deep(then, ROOTS);
                Doc target = doc(true, updates);
                target.setClientId(7_000_000 + moment);
                byte[] edit = apply(Restoration.to(then), target);
                assertThat(TaggedJson.deep(target, ROOTS))
                        .as("seed %d to %d", seed, to)
                        .isEqualTo(state);
                assertThat(TaggedJson.deep(then, ROOTS))
                        .as("seed %d source", seed)
                        .isEqualTo(state);
                expected.add("seed " + seed + " to " + to + "\n" + state);
                yjs.apply(true, ROOTS, with(updates, edit));
                if (!hasPairs) {
                    Doc all = doc(false, updates);
                    Doc other = doc(true, updates);
                    byte[] back = apply(Restoration.without(all, since(then, all), then.deletes()), other);
                    assertThat(TaggedJson.deep(other, ROOTS))
                            .as("seed %d without since %d", seed, to)
                            .isEqualTo(state);
                    expected.add("seed " + seed + " without since " + to + "\n" + state);
                    yjs.apply(true, ROOTS, with(updates, back));
                }
            }
        }
        YjsOracle.Answers seen = yjs.ask();
        for (int i = 0; i < expected.size(); i++) {
            String at = expected.get(i).lines().findFirst().orElseThrow();
            assertThat(at + "\n" + TaggedJson.print(seen.get(i).get("deep"))).isEqualTo(expected.get(i));
        }
    }

    /** Two editors edit one document, then apart; the edits of one of them are taken back. */
    private static final class Apart {
        final long seed;
        final List<byte[]> common = new ArrayList<>();
        final List<byte[]> theirs = new ArrayList<>();
        final List<byte[]> taken = new ArrayList<>();
        private int a;
        private int x;

        Apart(long seed) {
            this.seed = seed;
        }

        void ask(YjsOracle yjs, List<byte[]> toA, List<byte[]> toX, int steps) {
            a = yjs.edit(seed + "/a", seed, 501, false, toA, steps);
            x = yjs.edit(seed + "/x", seed + 1, 502, false, toX, steps);
        }

        List<byte[]> made(YjsOracle.Answers answers, boolean isTaken) {
            List<byte[]> made = new ArrayList<>();
            answers.get(isTaken ? x : a).forEach(index -> made.add(answers.blob(index)));
            return made;
        }
    }

    @Test
    void changesOfOne_areTakenBackAsIfNeverMade() throws Exception {
        long first = Seeds.next("changes taken back");
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < batches(); batch++) {
                takeBack(yjs, first + (long) batch * BATCH);
            }
        }
    }

    private static void takeBack(YjsOracle yjs, long first) {
        List<Apart> histories = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
            histories.add(new Apart(first + 2L * i));
        }
        histories.forEach(each -> each.ask(yjs, List.of(), List.of(), 25));
        YjsOracle.Answers begun = yjs.ask();
        List<List<byte[]>> fromA = new ArrayList<>();
        List<List<byte[]>> fromX = new ArrayList<>();
        histories.forEach(each -> {
            fromA.add(each.made(begun, false));
            fromX.add(each.made(begun, true));
            each.common.addAll(each.made(begun, false));
            each.common.addAll(each.made(begun, true));
        });
        for (int i = 0; i < BATCH; i++) {
            histories.get(i).ask(yjs, fromX.get(i), fromA.get(i), 0);
        }
        YjsOracle.Answers heard = yjs.ask(); // what Yjs cleans up when it hears of formats
        for (int i = 0; i < BATCH; i++) {
            Apart each = histories.get(i);
            List<byte[]> toX = each.made(heard, false);
            List<byte[]> toA = each.made(heard, true);
            each.common.addAll(toX);
            each.common.addAll(toA);
            each.ask(yjs, toA, toX, 25);
        }
        YjsOracle.Answers apart = yjs.ask();
        List<String> expected = new ArrayList<>();
        for (Apart each : histories) {
            each.theirs.addAll(each.made(apart, false));
            each.taken.addAll(each.made(apart, true));
            List<byte[]> without = with(each.common, each.theirs.toArray(new byte[0][]));
            List<byte[]> everything = with(without, each.taken.toArray(new byte[0][]));
            DeleteSet inserted = new DeleteSet();
            each.taken.forEach(update -> {
                var rows = Update.decode(update).rows();
                for (int row = 0; row < rows.count(); row++) {
                    inserted.add(rows.client(row), rows.clock(row), rows.end(row));
                }
            });
            DeleteSet deleted = new DeleteSet();
            deleted.addAll(doc(false, each.common).deletes());
            each.theirs.forEach(update -> Update.decode(update).forEachDelete(deleted::add));
            Doc target = doc(true, everything);
            target.setClientId(7_000_000);
            Restoration restoration = Restoration.without(doc(false, everything), inserted, deleted);
            byte[] edit = apply(restoration, target);
            String state = TaggedJson.deep(doc(false, without), ROOTS);
            assertThat(TaggedJson.deep(target, ROOTS)).as("seed %d", each.seed).isEqualTo(state);
            expected.add("seed " + each.seed + "\n" + state);
            yjs.apply(true, ROOTS, with(everything, edit));
        }
        YjsOracle.Answers seen = yjs.ask();
        for (int i = 0; i < expected.size(); i++) {
            String at = expected.get(i).lines().findFirst().orElseThrow();
            assertThat(at + "\n" + TaggedJson.print(seen.get(i).get("deep"))).isEqualTo(expected.get(i));
        }
    }
}
