package io.keck.crdt;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Small named scenarios, each in many orders of delivery: concurrency, formats, gaps, surrogates, subdocuments, and
 * unusual but legal wire forms.
 */
class ScenarioConformance {
    /** One scenario, decoded. */
    private record Scenario(JsonNode json, List<byte[]> updates) {
        static List<Scenario> all() {
            return Fixtures.read("scenarios").stream()
                    .map(json -> {
                        List<byte[]> updates = new ArrayList<>();
                        json.get("updates").forEach(u -> updates.add(Fixtures.hex(u.get("v1"))));
                        return new Scenario(json, updates);
                    })
                    .collect(toList());
        }

        String name() {
            return json.get("name").textValue();
        }

        boolean gc() {
            return json.get("gc").booleanValue();
        }

        StructStore store() {
            return new StructStore(!gc());
        }

        /** The recorded state after an order; with a defect of Yjs that is known, the state a better engine reaches. */
        JsonNode expect(JsonNode result) {
            if (json.has("ideal")) {
                return json.get("ideal");
            }
            return result.has("expect") ? result.get("expect") : json.get("expect");
        }

        List<Update> decode() {
            return updates.stream().map(Update::decode).collect(toList());
        }

        /** After one recorded order. */
        StructStore deliver(JsonNode result) {
            StructStore store = store();
            result.get("order").forEach(i -> store.apply(store.reduce(Update.decode(updates.get(i.intValue())))));
            return store;
        }
    }

    @Test
    void everyOrder_everyStepKnowsAtLeastWhatYjsIntegrated() {
        for (Scenario scenario : Scenario.all()) {
            for (JsonNode result : scenario.json().get("results")) {
                StructStore store = scenario.store();
                int step = 0;
                for (JsonNode index : result.get("order")) {
                    store.apply(store.reduce(Update.decode(scenario.updates().get(index.intValue()))));
                    JsonNode recorded = result.get("steps").get(step++);
                    StateVector yjs = StateVector.decode(Fixtures.hex(recorded.get("sv")));
                    String which = scenario.name() + " " + result.get("order") + " step " + step;
                    if (recorded.path("pending").path("structs").isObject()) {
                        // Yjs holds back what waits for another client; a store counts all it has without a gap
                        yjs.asMap()
                                .forEach((client, clock) -> assertThat(
                                                store.stateVector().clock(client))
                                        .as(which)
                                        .isGreaterThanOrEqualTo(clock));
                    } else {
                        assertThat(store.stateVector()).as(which).isEqualTo(yjs);
                    }
                }
            }
        }
    }

    @Test
    void everyOrder_endsInTheExpectedStateVector() {
        for (Scenario scenario : Scenario.all()) {
            for (JsonNode result : scenario.json().get("results")) {
                // never-filled gaps included: what lies behind a gap of its own client counts for nobody
                assertThat(scenario.deliver(result).stateVector())
                        .as("%s %s", scenario.name(), result.get("order"))
                        .isEqualTo(StateVector.decode(
                                Fixtures.hex(scenario.expect(result).get("sv"))));
            }
        }
    }

    @Test
    void everyOrder_bringsRealYjsToTheRecordedState() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (Scenario scenario : Scenario.all()) {
                JsonNode results = scenario.json().get("results");
                for (JsonNode result : results) {
                    yjs.apply(
                            scenario.gc(),
                            scenario.json().get("roots"),
                            scenario.deliver(result).encode());
                }
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < results.size(); i++) {
                    JsonNode expect = scenario.expect(results.get(i));
                    JsonNode is = answers.get(i);
                    String which = scenario.name() + " " + results.get(i).get("order") + " " + is.get("fail");
                    if (expect.has("unitSha")) { // not recorded for two thousand million clocks
                        assertThat(is.get("unitSha")).as(which).isEqualTo(expect.get("unitSha"));
                    }
                    assertThat(is.get("svJson")).as(which).isEqualTo(expect.get("svJson"));
                    assertThat(is.get("ds")).as(which).isEqualTo(expect.get("ds"));
                    assertThat(is.get("deep")).as(which).isEqualTo(expect.get("deep"));
                    // what Yjs cannot integrate yet is still pending, not lost
                    assertThat(is.get("pending").booleanValue()).as(which).isEqualTo(expect.has("pending"));
                }
            }
        }
    }

    /**
     * Merging is compared by what it does to a document: ours drops the content of what the same updates delete, Yjs'
     * own does not.
     */
    @Test
    void merge_bringsRealYjsWhereItsOwnMergeDoes() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (Scenario scenario : Scenario.all()) {
                JsonNode merged = scenario.json().path("merge").path("v1");
                if (merged.isMissingNode()) {
                    continue;
                }
                Update ours = Update.merge(scenario.decode(), !scenario.gc());
                yjs.apply(scenario.gc(), scenario.json().get("roots"), ours.encode());
                yjs.apply(scenario.gc(), scenario.json().get("roots"), Fixtures.hex(merged));
                YjsOracle.Answers answers = yjs.ask();
                assertThat(answers.get(0)).as(scenario.name()).isEqualTo(answers.get(1));
                assertThat(Update.merge(List.of(ours, ours), !scenario.gc()).encode())
                        .as("%s, merged with itself", scenario.name())
                        .isEqualTo(Update.merge(List.of(ours, Update.EMPTY), !scenario.gc())
                                .encode());
            }
        }
    }

    /**
     * An update that starts with a Skip from clock 0 says nothing about those clocks, but Yjs counts them as known, so
     * that a peer asked for the rest would never send them.
     */
    @Test
    void stateVectorOfAnUpdate_isWhatYjsReads() {
        for (Scenario scenario : Scenario.all()) {
            JsonNode perUpdate = scenario.json().path("perUpdate");
            for (int i = 0; i < perUpdate.size(); i++) {
                byte[] update = scenario.updates().get(i);
                String which = scenario.name() + " update " + i;
                Map<Long, Long> yjs = new HashMap<>(
                        StateVector.decode(Fixtures.hex(perUpdate.get(i).get("svFromUpdate")))
                                .asMap());
                Oddities oddities = Oddities.of(update);
                if (oddities.skippedClient() >= 0) {
                    assertThat(yjs.remove(oddities.skippedClient()))
                            .as(which)
                            .isGreaterThanOrEqualTo(oddities.skippedLength());
                }
                assertThat(Update.decode(update).stateVector()).as(which).isEqualTo(StateVector.of(yjs));
            }
        }
    }

    /**
     * A diff is compared on a document that holds what the diff leaves out. That is what the store says but the diff does
     * not, so it can be had by reducing.
     */
    @Test
    void diffs_bringRealYjsWhereItsOwnDiffsDo() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (Scenario scenario : Scenario.all()) {
                JsonNode diffs = scenario.json().path("diffs");
                if (diffs.isEmpty() || scenario.json().has("knownYjsDefect")) {
                    continue;
                }
                StructStore store = scenario.store();
                scenario.decode().forEach(store::apply);
                for (JsonNode diff : diffs) {
                    byte[] ours = store.diff(StateVector.decode(Fixtures.hex(diff.get("sv"))));
                    StructStore answered = scenario.store();
                    answered.apply(Update.decode(ours));
                    byte[] known =
                            answered.reduce(Update.decode(store.encode())).encode();
                    yjs.apply(scenario.gc(), scenario.json().get("roots"), List.of(known, ours));
                    yjs.apply(
                            scenario.gc(),
                            scenario.json().get("roots"),
                            List.of(known, Fixtures.hex(diff.get("fromDoc"))));
                }
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < diffs.size(); i++) {
                    assertThat(answers.get(2 * i))
                            .as("%s from %s", scenario.name(), diffs.get(i).get("sv"))
                            .isEqualTo(answers.get(2 * i + 1));
                }
            }
        }
    }
}
