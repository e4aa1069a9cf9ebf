package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
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

    private static int batches() {
        return Boolean.getBoolean("keck.campaign") ? 200 : 5;
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
                    EditScript script = new EditScript(each, 1 + random.nextInt(3), 10 + random.nextInt(120), false);
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
        for (int i = 0; i < Math.min(count, script.updates.size()); i++) {
            assertThat(UnitForm.lines(script.updates.get(i)))
                    .as("seed %d update %d", seed, i)
                    .isEqualTo(UnitForm.lines(blobs.get(first + i)));
            assertThat(script.updates.get(i)).as("seed %d update %d", seed, i).isEqualTo(blobs.get(first + i));
        }
        assertThat(script.updates).as("seed %d", seed).hasSize(count);
        for (int i = 0; i < script.docs.size(); i++) {
            assertThat(script.docs.get(i).encodeStateAsUpdate())
                    .as("seed %d document %d", seed, i)
                    .isEqualTo(blobs.get(first + count + i));
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
                    EditScript script = new EditScript(seed + (long) batch * BATCH + i, 4, 80, true);
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
}
