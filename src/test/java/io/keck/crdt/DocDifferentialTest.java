package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A Doc beside the real Yjs, on random edits: what one makes the other must understand, and the same edits must make the
 * same bytes. Few in a build, many with {@code -Dkeck.campaign=true}, from another seed with {@code -Dkeck.seed=N}.
 */
class DocDifferentialTest {
    private static final int BATCH = 10;

    /** Of each of four kinds; a campaign plays 10,000 histories. */
    private static int batches() {
        return Boolean.getBoolean("keck.campaign") ? 250 : 4;
    }

    private static long firstSeed(String test) {
        long fresh = Boolean.getBoolean("keck.campaign") ? new Random().nextInt(1 << 30) : 1;
        long seed = Long.getLong("keck.seed", fresh);
        System.out.println("DocDifferentialTest " + test + " seeds from " + seed);
        return seed;
    }

    /** Histories of real Yjs, in random order, some twice, some merged; with another rule of order where it is given. */
    private static int compareHistories(YjsOracle yjs, long firstSeed, Integration.Order order) {
        for (int i = 0; i < BATCH; i++) {
            Random random = new Random(firstSeed + i);
            yjs.session(firstSeed + i, 2 + random.nextInt(4), 20 + random.nextInt(150), (firstSeed + i) % 5 != 0);
        }
        YjsOracle.Answers answers = yjs.ask();
        int different = 0;
        for (int i = 0; i < BATCH; i++) {
            JsonNode end = answers.get(i);
            long seed = firstSeed + i;
            assertThat(end.get("fail")).as("seed %d", seed).isNull();
            List<byte[]> updates = new ArrayList<>();
            end.get("updates").forEach(index -> updates.add(answers.blobs().get(index.intValue())));
            Random random = new Random(seed);
            for (int twice = random.nextInt(5); twice > 0; twice--) {
                updates.add(updates.get(random.nextInt(updates.size())));
            }
            Collections.shuffle(updates, random);
            Doc doc = DocSessionConformance.doc(seed % 5 != 0);
            doc.integration().order(order);
            for (int u = 0; u < updates.size(); ) {
                int to = Math.min(updates.size(), u + 1 + random.nextInt(3));
                List<Update> batch = new ArrayList<>();
                updates.subList(u, to).forEach(each -> batch.add(Update.decode(each)));
                doc.applyUpdate(Update.merge(batch, !doc.gc()), null);
                u = to;
            }
            JsonNode roots = end.get("roots");
            boolean same = UnitForm.sha(doc.encodeStateAsUpdate())
                            .equals(end.get("unitSha").textValue())
                    && DocSessionConformance.deletes(doc.deletes()).equals(DocSessionConformance.deletes(end.get("ds")))
                    && TaggedJson.deep(doc, roots).equals(TaggedJson.print(end.get("deep")));
            if (order == Integration.YATA) {
                assertThat(same).as("seed %d", seed).isTrue();
            }
            different += same ? 0 : 1;
        }
        return different;
    }

    @Test
    void historiesOfYjs_endWhereYjsEnds() throws Exception {
        long seed = firstSeed("histories");
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < batches(); batch++) {
                compareHistories(yjs, seed + (long) batch * BATCH, Integration.YATA);
            }
        }
    }

    /** The twin of the one above: with the order of concurrent items turned round it must fail. */
    @Test
    void wrongOrderOfConcurrentItems_isNoticed() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            assertThat(compareHistories(yjs, 300_001, (client, other) -> client > other))
                    .isPositive();
        }
    }

    @Test
    void sameEdits_makeTheBytesOfYjs() throws Exception {
        long seed = firstSeed("edits");
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < batches(); batch++) {
                List<EditScript> scripts = new ArrayList<>();
                for (int i = 0; i < BATCH; i++) {
                    long each = seed + (long) batch * BATCH + i;
                    Random random = new Random(each);
                    EditScript script = new EditScript(
                            each, 1 + random.nextInt(3), 10 + random.nextInt(120), EditScript.Pairs.WHOLE);
                    scripts.add(script);
                    yjs.script(script.gc(), script.clients, script.steps);
                }
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < BATCH; i++) {
                    compare(scripts.get(i), answers.get(i), answers.blobs(), seed + (long) batch * BATCH + i);
                }
            }
        }
    }

    private static void compare(EditScript script, JsonNode answer, List<byte[]> blobs, long seed) {
        assertThat(answer.get("fail")).as("seed %d", seed).isNull();
        int first = answer.get("first").intValue();
        int count = answer.get("updates").intValue();
        int firstV2 = answer.get("firstV2").intValue();
        for (int i = 0; i < Math.min(count, script.updates.size()); i++) {
            assertThat(UnitForm.lines(script.updates.get(i)))
                    .as("seed %d update %d", seed, i)
                    .isEqualTo(UnitForm.lines(blobs.get(first + i)));
            assertThat(script.updates.get(i)).as("seed %d update %d", seed, i).isEqualTo(blobs.get(first + i));
            assertThat(script.updatesV2.get(i)).as("seed %d V2 %d", seed, i).isEqualTo(blobs.get(firstV2 + i));
        }
        assertThat(script.updates).as("seed %d", seed).hasSize(count);
        for (int i = 0; i < script.docs.size(); i++) {
            assertThat(script.docs.get(i).encodeStateAsUpdate())
                    .as("seed %d document %d", seed, i)
                    .isEqualTo(blobs.get(first + count + i));
            assertThat(script.docs.get(i).encodeStateAsUpdateV2())
                    .as("seed %d document %d V2", seed, i)
                    .isEqualTo(blobs.get(firstV2 + count + i));
        }
    }

    @Test
    void editors_convergeAndYjsAgrees() throws Exception {
        long seed = firstSeed("editors");
        JsonNode roots = Fixtures.json("{\"t\":\"text\",\"a\":\"array\",\"m\":\"map\",\"x\":\"xmlFragment\"}");
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < batches(); batch++) {
                List<Doc> docs = new ArrayList<>();
                for (int i = 0; i < BATCH; i++) {
                    EditScript script = new EditScript(seed + (long) batch * BATCH + i, 4, 80, EditScript.Pairs.CUT);
                    script.syncAll();
                    for (Doc doc : script.docs) {
                        assertThat(TaggedJson.deep(doc, roots))
                                .as("seed %d", seed + (long) batch * BATCH + i)
                                .isEqualTo(TaggedJson.deep(script.docs.get(0), roots));
                    }
                    docs.add(script.docs.get(0));
                    yjs.apply(script.gc(), roots, script.docs.get(0).encodeStateAsUpdate());
                }
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < BATCH; i++) {
                    assertThat(TaggedJson.print(answers.get(i).get("deep")))
                            .as("seed %d", seed + (long) batch * BATCH + i)
                            .isEqualTo(TaggedJson.deep(docs.get(i), roots));
                }
            }
        }
    }

    /** A history that editors here and editors in real Yjs make together, hearing of each other late, twice, in disorder. */
    private static final class Together {
        static final JsonNode ROOTS =
                Fixtures.json("{\"t\":\"text\",\"a\":\"array\",\"m\":\"map\",\"x\":\"xmlFragment\"}");
        static final int ROUNDS = 4;
        static final int EACH = 2;

        final long seed;
        final Random random;
        final EditScript ours;
        final List<byte[]> updates = new ArrayList<>();
        /** For each editor, ours first: the indexes of updates it did not hear of yet. */
        final List<List<Integer>> inboxes = new ArrayList<>();

        private final List<Integer> requests = new ArrayList<>();

        Together(long seed, Integration.Order order) {
            this.seed = seed;
            this.random = new Random(seed);
            this.ours = new EditScript(seed, EACH, 0, EditScript.Pairs.NONE);
            for (int i = 0; i < 2 * EACH; i++) {
                inboxes.add(new ArrayList<>());
            }
            for (int i = 0; i < EACH; i++) {
                int editor = i;
                ours.docs.get(i).integration().order(order);
                ours.docs.get(i).onUpdate((update, transaction) -> {
                    if (!"remote".equals(transaction.origin())) {
                        tell(editor, update);
                    }
                });
            }
        }

        private void tell(int from, byte[] update) {
            for (int i = 0; i < inboxes.size(); i++) {
                if (i != from) {
                    inboxes.get(i).add(updates.size());
                }
            }
            updates.add(update);
        }

        /** Some of what is on its way to an editor; a partition lets nothing of the other side through. */
        private List<byte[]> hear(int editor, boolean partition) {
            List<Integer> inbox = inboxes.get(editor);
            List<byte[]> heard = new ArrayList<>();
            if (!partition) {
                Collections.shuffle(inbox.subList(0, random.nextInt(inbox.size() + 1)), random);
                int count = random.nextInt(inbox.size() + 1);
                for (int i = 0; i < count; i++) {
                    heard.add(updates.get(inbox.get(i)));
                }
                List<Integer> again = inbox.subList(0, count).stream()
                        .filter(each -> random.nextInt(10) == 0)
                        .toList();
                inbox.subList(0, count).clear();
                inbox.addAll(again);
            }
            return heard;
        }

        private String name(int editor) {
            return seed + "/" + editor;
        }

        void round(YjsOracle yjs) {
            boolean partition = random.nextInt(4) == 0;
            for (int i = 0; i < EACH; i++) {
                Doc doc = ours.docs.get(i);
                hear(i, partition).forEach(update -> doc.applyUpdate(update, "remote"));
            }
            for (int steps = random.nextInt(25); steps > 0; steps--) {
                ours.step();
            }
            requests.clear();
            for (int i = EACH; i < 2 * EACH; i++) {
                requests.add(
                        yjs.edit(name(i), seed + i, 5000 + i, ours.gc(), hear(i, partition), 1 + random.nextInt(12)));
            }
        }

        void answered(YjsOracle.Answers answers) {
            for (int i = 0; i < EACH; i++) {
                int editor = EACH + i;
                JsonNode made = answers.get(requests.get(i));
                assertThat(made.get("fail")).as("seed %d", seed).isNull();
                made.forEach(index -> tell(editor, answers.blob(index)));
            }
        }

        /** All get all; what Yjs cleans up when it hears of formats is still to be told of. */
        void end(YjsOracle yjs, boolean last) {
            for (int i = 0; i < EACH; i++) {
                Doc doc = ours.docs.get(i);
                inboxes.get(i).forEach(index -> doc.applyUpdate(updates.get(index), "remote"));
                inboxes.get(i).clear();
            }
            requests.clear();
            for (int i = EACH; i < 2 * EACH; i++) {
                // the whole state, since Yjs may be stuck with what it holds back
                List<byte[]> all = List.of(ours.docs.get(0).encodeStateAsUpdate());
                inboxes.get(i).clear();
                requests.add(last ? yjs.endEdit(name(i), ROOTS, all) : yjs.edit(name(i), 0, 0, ours.gc(), all, 0));
            }
        }

        boolean agree(YjsOracle.Answers answers) {
            Doc first = ours.docs.get(0);
            String deep = TaggedJson.deep(first, ROOTS);
            boolean same = TaggedJson.deep(ours.docs.get(1), ROOTS).equals(deep);
            Doc server = DocSessionConformance.doc(ours.gc()); // an editor keeps what it may undo
            server.applyUpdate(first.encodeStateAsUpdate());
            String units = UnitForm.sha(server.encodeStateAsUpdate());
            for (int request : requests) {
                JsonNode state = answers.get(request);
                assertThat(state.get("fail")).as("seed %d", seed).isNull();
                assertThat(state.get("made")).as("seed %d", seed).isEmpty();
                same &= TaggedJson.print(state.get("deep")).equals(deep)
                        && units.equals(state.get("unitSha").textValue())
                        && Fixtures.stateVector(state.get("svJson")).equals(first.stateVector());
            }
            return same;
        }
    }

    /** The number of histories that did not end alike on both sides. */
    private static int editTogether(YjsOracle yjs, long firstSeed, Integration.Order order) {
        List<Together> histories = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
            histories.add(new Together(firstSeed + i, order));
        }
        for (int round = 0; round < Together.ROUNDS; round++) {
            histories.forEach(history -> history.round(yjs));
            YjsOracle.Answers answers = yjs.ask();
            histories.forEach(history -> history.answered(answers));
        }
        for (int i = 0; i < 3; i++) {
            histories.forEach(history -> history.end(yjs, false));
            YjsOracle.Answers answers = yjs.ask();
            histories.forEach(history -> history.answered(answers));
        }
        histories.forEach(history -> history.end(yjs, true));
        YjsOracle.Answers answers = yjs.ask();
        int different = 0;
        for (Together history : histories) {
            boolean same = history.agree(answers);
            if (order == Integration.YATA) {
                assertThat(same).as("seed %d", history.seed).isTrue();
            }
            different += same ? 0 : 1;
        }
        return different;
    }

    @Test
    void editorsHereAndInYjs_endAlike() throws Exception {
        long seed = firstSeed("together");
        try (YjsOracle yjs = YjsOracle.open()) {
            for (int batch = 0; batch < batches(); batch++) {
                editTogether(yjs, seed + (long) batch * BATCH, Integration.YATA);
            }
        }
    }

    /** The twin of the one above. */
    @Test
    void wrongOrderOfConcurrentItems_isNoticedByEditorsOfBothSides() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            assertThat(editTogether(yjs, 400_001, (client, other) -> client > other))
                    .isPositive();
        }
    }
}
