package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

/** Recorded relative positions: their bytes, and where they are before and after later edits. */
class RelativePositionConformance {
    private static void check(String which, AbsolutePosition is, JsonNode expect) {
        if (expect.isNull()) {
            assertThat(is).as(which).isNull();
            return;
        }
        assertThat(is).as(which).isNotNull();
        assertThat(is.index()).as(which).isEqualTo(expect.get("index").intValue());
        if (expect.has("assoc")) {
            assertThat(is.assoc()).as(which).isEqualTo(expect.get("assoc").intValue());
        }
    }

    @Test
    void recorded_encodeAndResolveAsInYjs() {
        for (JsonNode json : Fixtures.read("relative-positions")) {
            Doc doc = DocSessionConformance.doc(json.get("gc").booleanValue());
            AbstractType type = TaggedJson.root(
                    doc, json.get("root").textValue(), json.get("rootType").textValue());
            int created = json.get("createdAfterUpdates").intValue();
            JsonNode updates = json.get("updates");
            for (int i = 0; i < created; i++) {
                doc.applyUpdate(Fixtures.base64(updates.get(i)));
            }
            for (JsonNode each : json.get("positions")) {
                String which = json.get("name") + " " + each;
                RelativePosition position = RelativePosition.of(
                        type, each.get("index").intValue(), each.get("assoc").intValue());
                assertThat(position.encode()).as(which).isEqualTo(Fixtures.hex(each.get("encoded")));
                check(which, RelativePosition.decode(position.encode()).resolve(doc), each.get("resolvedBefore"));
                check(which, position.resolve(new Doc()), each.get("resolvedInEmptyDoc"));
            }
            for (int i = created; i < updates.size(); i++) {
                doc.applyUpdate(Fixtures.base64(updates.get(i)));
            }
            for (JsonNode each : json.get("positions")) {
                RelativePosition position = RelativePosition.decode(Fixtures.hex(each.get("encoded")));
                check(json.get("name") + " " + each, position.resolve(doc), each.get("resolvedAfter"));
            }
        }
    }
}
