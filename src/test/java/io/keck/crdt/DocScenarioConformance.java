package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.store.StateVector;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Small named scenarios, each in many orders of delivery: a Doc must be where Yjs was, after every step. */
class DocScenarioConformance {
    private static byte[] update(JsonNode scenario, JsonNode index) {
        return Fixtures.hex(scenario.get("updates").get(index.intValue()).get("v1"));
    }

    private static JsonNode expect(JsonNode scenario, JsonNode result) {
        if (scenario.has("ideal")) {
            return scenario.get("ideal");
        }
        return result.has("expect") ? result.get("expect") : scenario.get("expect");
    }

    private static String which(JsonNode scenario, JsonNode result) {
        return scenario.get("name").textValue() + " " + result.get("order");
    }

    private static Doc deliver(JsonNode scenario, JsonNode result) {
        Doc doc = DocSessionConformance.doc(scenario.get("gc").booleanValue());
        result.get("order").forEach(index -> doc.applyUpdate(update(scenario, index)));
        return doc;
    }

    @Test
    void everyStep_hasTheStateVectorOfYjs() {
        for (JsonNode scenario : Fixtures.read("scenarios")) {
            if (scenario.has("knownYjsDefect")) {
                continue; // Yjs is behind there, or counts what it does not have
            }
            for (JsonNode result : scenario.get("results")) {
                Doc doc = DocSessionConformance.doc(scenario.get("gc").booleanValue());
                int step = 0;
                for (JsonNode index : result.get("order")) {
                    doc.applyUpdate(update(scenario, index));
                    JsonNode recorded = result.get("steps").get(step++);
                    assertThat(doc.stateVector())
                            .as("%s step %d", which(scenario, result), step)
                            .isEqualTo(StateVector.decode(Fixtures.hex(recorded.get("sv"))));
                    assertThat(doc.isWaiting())
                            .as("%s step %d", which(scenario, result), step)
                            .isEqualTo(recorded.has("pending"));
                }
            }
        }
    }

    @Test
    void everyOrder_endsInTheRecordedState() {
        for (JsonNode scenario : Fixtures.read("scenarios")) {
            for (JsonNode result : scenario.get("results")) {
                String which = which(scenario, result);
                JsonNode expect = expect(scenario, result);
                Doc doc = deliver(scenario, result);
                assertThat(doc.stateVector()).as(which).isEqualTo(Fixtures.stateVector(expect.get("svJson")));
                assertThat(DocSessionConformance.deletes(doc.deletes()))
                        .as(which)
                        .isEqualTo(DocSessionConformance.deletes(expect.get("ds")));
                assertThat(doc.isWaiting()).as(which).isEqualTo(expect.has("pending"));
                if (expect.has("unitSha") && !doc.isWaiting()) { // not recorded for two thousand million clocks
                    assertThat(UnitForm.sha(doc.encodeStateAsUpdate()))
                            .as(which)
                            .isEqualTo(expect.get("unitSha").textValue());
                }
                JsonNode roots = scenario.get("roots");
                assertThat(TaggedJson.deep(doc, roots)).as(which).isEqualTo(TaggedJson.print(expect.get("deep")));
                if (expect.has("json")) {
                    assertThat(TaggedJson.json(doc, roots)).as(which).isEqualTo(TaggedJson.print(expect.get("json")));
                }
                roots.properties().forEach(root -> {
                    JsonNode text = expect.path("toString").path(root.getKey());
                    if (text.isTextual()) {
                        AbstractType type = TaggedJson.root(
                                doc, root.getKey(), root.getValue().textValue());
                        assertThat(type.toString()).as(which).isEqualTo(text.textValue());
                    }
                });
            }
        }
    }

    @Test
    void firstOrder_endsInTheBytesOfYjs() {
        for (JsonNode scenario : Fixtures.read("scenarios")) {
            JsonNode result = scenario.get("results").get(0);
            Doc doc = deliver(scenario, result);
            if (!doc.isWaiting() && !scenario.has("knownYjsDefect")) {
                assertThat(doc.encodeStateAsUpdate())
                        .as(which(scenario, result))
                        .isEqualTo(Fixtures.hex(scenario.get("expect").get("updateV1")));
                assertThat(doc.encodeStateAsUpdateV2())
                        .as(which(scenario, result))
                        .isEqualTo(Fixtures.hex(scenario.get("expect").get("updateV2")));
            }
        }
    }

    /** What waits is passed on: whoever gets the state and then the rest ends where everybody ends. */
    @Test
    void pendingContent_isNotLost() {
        for (JsonNode scenario : Fixtures.read("scenarios")) {
            for (JsonNode result : scenario.get("results")) {
                Doc doc = DocSessionConformance.doc(scenario.get("gc").booleanValue());
                int last = result.get("order").size() - 1;
                for (int i = 0; i < last; i++) {
                    doc.applyUpdate(update(scenario, result.get("order").get(i)));
                }
                Doc other = DocSessionConformance.doc(scenario.get("gc").booleanValue());
                other.applyUpdate(doc.encodeStateAsUpdate());
                for (Doc each : List.of(doc, other)) {
                    if (last >= 0) {
                        each.applyUpdate(update(scenario, result.get("order").get(last)));
                    }
                }
                assertThat(other.stateVector()).as(which(scenario, result)).isEqualTo(doc.stateVector());
                assertThat(other.isWaiting()).as(which(scenario, result)).isEqualTo(doc.isWaiting());
                assertThat(TaggedJson.deep(other, scenario.get("roots")))
                        .as(which(scenario, result))
                        .isEqualTo(TaggedJson.deep(doc, scenario.get("roots")));
            }
        }
    }

    @Test
    void diffs_areThoseOfYjs() {
        for (JsonNode scenario : Fixtures.read("scenarios")) {
            Doc doc = deliver(scenario, scenario.get("results").get(0));
            if (doc.isWaiting() || scenario.has("knownYjsDefect")) {
                continue;
            }
            for (JsonNode diff : scenario.path("diffs")) {
                StateVector known = StateVector.decode(Fixtures.hex(diff.get("sv")));
                assertThat(doc.encodeStateAsUpdate(known))
                        .as("%s from %s", scenario.get("name"), diff.get("sv"))
                        .isEqualTo(Fixtures.hex(diff.get("fromDoc")));
                assertThat(doc.encodeStateAsUpdateV2(known))
                        .as("%s from %s", scenario.get("name"), diff.get("sv"))
                        .isEqualTo(Fixtures.hex(diff.get("fromDocV2")));
            }
        }
    }
}
