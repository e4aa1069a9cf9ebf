package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.JsonValue;
import java.util.List;
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
                Object asJson = JsonValue.parse(JsonValue.write(position.toJson()));
                assertThat(RelativePosition.fromJson(asJson)).as(which).isEqualTo(position);
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

    @Test
    void otherJson_isRefused() {
        for (String json : List.of(
                "null",
                "{}",
                "{\"item\":3}",
                "{\"item\":{\"client\":1}}",
                "{\"item\":{\"client\":1,\"clock\":-1}}",
                "{\"item\":{\"client\":0.5,\"clock\":1}}",
                "{\"tname\":1}",
                "{\"tname\":\"t\",\"assoc\":1e300}")) {
            assertThatThrownBy(() -> RelativePosition.fromJson(JsonValue.parse(json)))
                    .as(json)
                    .isInstanceOf(DecodeException.class);
        }
    }
}
