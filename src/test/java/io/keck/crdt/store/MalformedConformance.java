package io.keck.crdt.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.Fixtures;
import io.keck.crdt.Oddities;
import io.keck.crdt.UnitForm;
import io.keck.crdt.YjsOracle;
import io.keck.crdt.lib0.DecodeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Damaged and hostile updates, each on top of a good one: refused with the store as it was, or taken in with the store
 * still fit to be given to Yjs.
 */
class MalformedConformance {
    /** A guard against hanging, not a measure of speed. */
    private static final Duration NEVER_HANGS = Duration.ofSeconds(5);

    /** What became of one case. */
    private record Outcome(JsonNode json, StructStore store, boolean accepted) {
        /** Whether something of no length was left out of it, at which Yjs throws or does not, as it happens to stand. */
        boolean hadEmptyStructs() {
            return accepted && decode(json, Fixtures.hex(json.get("mutated"))).emptyCount() > 0;
        }

        String id() {
            return json.get("id").textValue() + " " + json.get("name").textValue();
        }

        /** Missing where Yjs did not end within six seconds. */
        private JsonNode yjs() {
            return json.get("yjs").path("onBase");
        }

        boolean yjsRefused() {
            return yjs().path("outcome").asText("hangs").equals("throws");
        }

        boolean yjsTakesItInAlone() {
            String outcome = json.get("yjs").path("onEmpty").path("outcome").asText("hangs");
            return outcome.equals("accepts") || outcome.equals("pending");
        }

        boolean yjsTookItIn() {
            return yjs().path("usableAfter").asBoolean() && !yjsRefused();
        }
    }

    private static boolean isV2(JsonNode json) {
        return json.get("v").intValue() == 2;
    }

    private static Update decode(JsonNode json, byte[] update) {
        return isV2(json) ? UpdateV2.decode(update) : Update.decode(update);
    }

    /** Those of a case that can be decoded. */
    private static Oddities oddities(JsonNode json) {
        byte[] mutated = Fixtures.hex(json.get("mutated"));
        return Oddities.of(isV2(json) ? new UpdateDecoderV2(mutated, DecodeLimits.DEFAULT).toV1() : mutated);
    }

    private static List<JsonNode> cases() {
        return Fixtures.read("malformed");
    }

    private static Outcome run(JsonNode json) {
        String id = json.get("id") + " " + json.get("name");
        StructStore store = new StructStore();
        store.apply(Update.decode(Fixtures.hex(json.get("base"))));
        byte[] before = store.encode();
        StateVector stateBefore = store.stateVector();
        byte[] mutated = Fixtures.hex(json.get("mutated"));
        return assertTimeoutPreemptively(
                NEVER_HANGS,
                () -> {
                    try {
                        store.apply(store.reduce(decode(json, mutated)));
                    } catch (DecodeException e) {
                        assertThat(store.encode()).as(id).isEqualTo(before);
                        assertThat(store.stateVector()).as(id).isEqualTo(stateBefore);
                        return new Outcome(json, store, false);
                    }
                    assertThat(store.memory())
                            .as("%s: bytes on the heap", id)
                            .isLessThan(64L * (before.length + mutated.length) + 4096);
                    return new Outcome(json, store, true);
                },
                id);
    }

    @Test
    void everyCase_isRefusedOrLeavesAStoreThatCanBeEncoded() {
        for (JsonNode json : cases()) {
            Outcome outcome = run(json);
            byte[] encoded = outcome.store().encode();
            StructStore copy = new StructStore();
            copy.apply(Update.decode(encoded));
            assertThat(copy.encode()).as(outcome.id()).isEqualTo(encoded);
            assertThat(copy.stateVector())
                    .as(outcome.id())
                    .isEqualTo(outcome.store().stateVector());
            assertThat(copy.reduce(Update.decode(encoded)).isEmpty())
                    .as(outcome.id())
                    .isTrue();
        }
    }

    /**
     * Stricter than Yjs on purpose, and only in what no Yjs ever sends: bytes after the update,
     * items that name their own future, clocks beyond 2^53 - 1, values nested a thousand deep,
     * types nested beyond the limit; in V2 also an unknown flag and columns that are too long or too short, from which Yjs
     * goes on to read zeros, half strings and negative clocks.
     */
    @Test
    void casesThatYjsTakesIn_areRefusedOnlyForAKnownReason() {
        for (JsonNode json : cases()) {
            Outcome outcome = run(json);
            if (!outcome.accepted() && outcome.yjsTookItIn()) {
                byte[] mutated = Fixtures.hex(json.get("mutated"));
                assertThatThrownBy(() -> decode(outcome.json(), mutated))
                        .as(outcome.id())
                        .message()
                        .containsAnyOf(
                                "bytes after the update",
                                "names itself or a later item",
                                "beyond 2^53 - 1",
                                "nest deeper",
                                "unknown feature flag",
                                "column with more values",
                                "number below 0",
                                isV2(outcome.json()) ? "unexpected end of data" : "only in V2",
                                isV2(outcome.json()) ? "bytes left" : "only in V2",
                                "code units, where the text has");
            }
        }
    }

    /**
     * Or hold structs or deleted ranges of no length, which are left out; or, in V2, where only integrating could tell that a case contradicts the good update before it, end in a store
     * that Yjs can read.
     */
    @Test
    void casesThatYjsRefuses_areRefused() throws Exception {
        List<Outcome> accepted = cases().stream()
                .map(MalformedConformance::run)
                .filter(outcome -> outcome.accepted() && outcome.yjsRefused())
                .filter(outcome -> !outcome.hadEmptyStructs())
                .collect(Collectors.toList());
        assertThat(accepted).allMatch(outcome -> isV2(outcome.json()) && outcome.yjsTakesItInAlone());
        try (YjsOracle yjs = YjsOracle.open()) {
            accepted.forEach(outcome -> yjs.apply(true, null, outcome.store().encode()));
            YjsOracle.Answers answers = yjs.ask();
            for (int i = 0; i < accepted.size(); i++) {
                assertThat(answers.get(i).get("fail")).as(accepted.get(i).id()).isNull();
            }
        }
    }

    /** The format must not matter to Yjs: neither to what it integrates nor to what stays pending. */
    @Test
    void casesInV2ThatYjsTakesIn_areTheSameToYjsInV1() throws Exception {
        List<Outcome> taken = cases().stream()
                .filter(MalformedConformance::isV2)
                .map(MalformedConformance::run)
                .filter(outcome -> outcome.accepted() && outcome.yjsTookItIn())
                .collect(Collectors.toList());
        assertThat(taken).isNotEmpty();
        try (YjsOracle yjs = YjsOracle.open()) {
            for (Outcome outcome : taken) {
                byte[] base = Fixtures.hex(outcome.json().get("base"));
                byte[] mutated = Fixtures.hex(outcome.json().get("mutated"));
                yjs.apply(true, null, List.of(base, UpdateV2.decode(mutated).encode()));
                yjs.applyV2(true, null, List.of(base, mutated));
            }
            YjsOracle.Answers answers = yjs.ask();
            for (int i = 0; i < taken.size(); i++) {
                assertThat(answers.get(2 * i)).as(taken.get(i).id()).isEqualTo(answers.get(2 * i + 1));
            }
        }
    }

    /**
     * Yjs must take in what the store made of a case, and end with the same structs as from the case itself. Where
     * something is missing, the delete set may say more (a deleted struct that waits is deleted in a store and its content
     * dropped, in Yjs not yet) and Yjs may integrate more, as it gets it in one piece. Origins that no client would give
     * make Yjs delete other values of a map than those that it deletes when it gets the same in one piece; such cases are
     * rare, and all but what is deleted is compared there, too.
     */
    @Test
    void casesThatYjsTakesIn_bringYjsToTheSameStructs() throws Exception {
        List<Outcome> taken = cases().stream()
                .map(MalformedConformance::run)
                .filter(outcome -> outcome.accepted() && outcome.yjsTookItIn())
                .collect(Collectors.toList());
        assertThat(taken).isNotEmpty();
        List<Outcome> waiting = new ArrayList<>();
        List<Outcome> different = new ArrayList<>();
        try (YjsOracle yjs = YjsOracle.open()) {
            for (Outcome outcome : taken) {
                JsonNode json = outcome.json();
                yjs.apply(true, null, outcome.store().encode());
                List<byte[]> itself = List.of(Fixtures.hex(json.get("base")), Fixtures.hex(json.get("mutated")));
                if (isV2(json)) {
                    yjs.applyV2(true, null, itself);
                } else {
                    yjs.apply(true, null, itself);
                }
            }
            YjsOracle.Answers answers = yjs.ask();
            for (int i = 0; i < taken.size(); i++) {
                String id = taken.get(i).id();
                JsonNode is = answers.get(2 * i);
                JsonNode direct = answers.get(2 * i + 1);
                assertThat(is.get("fail")).as(id).isNull();
                if (oddities(taken.get(i).json()).clientTwice()) {
                    // of two blocks of one client Yjs forgets the first; a store keeps both, and where they overlap
                    // what came first
                    continue;
                }
                if (direct.get("pending").booleanValue()) {
                    waiting.add(taken.get(i));
                } else if (is.get("unitSha").equals(direct.get("unitSha"))) {
                    assertThat(is.get("structSha")).as(id).isEqualTo(direct.get("structSha"));
                    // a client whose only struct had no length stays in the state vector of Yjs, with clock 0
                    assertThat(Fixtures.stateVector(is.get("svJson")))
                            .as(id)
                            .isEqualTo(Fixtures.stateVector(direct.get("svJson")));
                    assertThat(is.get("pending").booleanValue()).as(id).isFalse();
                } else {
                    different.add(taken.get(i));
                }
            }
            assertThat(waiting).isNotEmpty();
            assertThat(different.size()).as("deletes differ").isLessThanOrEqualTo(taken.size() / 50);
            waiting.addAll(different);
            compareUnits(yjs, waiting);
        }
    }

    /**
     * Compares all but the delete set and the content of what is deleted. Cases in V2 are given to Yjs in V1: that this is
     * the same to it is another test.
     */
    private static void compareUnits(YjsOracle yjs, List<Outcome> outcomes) throws Exception {
        for (Outcome outcome : outcomes) {
            JsonNode json = outcome.json();
            List<byte[]> itself = List.of(
                    Fixtures.hex(json.get("base")),
                    decode(json, Fixtures.hex(json.get("mutated"))).encode());
            yjs.encode(true, List.of(outcome.store().encode()), List.of(List.of(0)));
            yjs.encode(true, itself, List.of(List.of(0), List.of(1)));
        }
        YjsOracle.Answers answers = yjs.ask();
        for (int i = 0; i < outcomes.size(); i++) {
            byte[] is = answers.blob(answers.get(2 * i).get("v1"));
            byte[] direct = answers.blob(answers.get(2 * i + 1).get("v1"));
            DeleteSet deleted = new DeleteSet();
            addDeletes(is, deleted);
            addDeletes(direct, deleted);
            assertThat(UnitForm.structLines(is, deleted))
                    .as(outcomes.get(i).id())
                    .isEqualTo(UnitForm.structLines(direct, deleted));
        }
    }

    private static void addDeletes(byte[] update, DeleteSet to) {
        long[] rows = Update.decode(update, DecodeLimits.OWN).deleteRows();
        for (int r = 0; r < rows.length; r += Update.DELETE_ROW) {
            to.add(rows[r], rows[r + 1], rows[r + 2]);
        }
    }
}
