package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Recorded snapshots: what they are on the wire, what they contain, how the document was. */
class SnapshotConformance {
    private static Doc doc(JsonNode json, int updates) {
        Doc doc = DocSessionConformance.doc(json.get("gc").booleanValue());
        for (int i = 0; i < updates; i++) {
            doc.applyUpdate(Fixtures.base64(json.get("updates").get(i)));
        }
        return doc;
    }

    @Test
    void taken_areThoseOfYjs() {
        for (JsonNode json : Fixtures.read("snapshots")) {
            for (JsonNode recorded : json.get("snapshots")) {
                Snapshot ours =
                        Snapshot.of(doc(json, recorded.get("afterUpdates").intValue()));
                Snapshot theirs = Snapshot.decode(Fixtures.hex(recorded.get("v1")));
                assertThat(ours).as("%s", json.get("name")).isEqualTo(theirs);
                assertThat(Snapshot.decode(ours.encode())).isEqualTo(ours);
                byte[] v2 = Fixtures.hex(recorded.get("v2"));
                assertThat(Snapshot.decodeV2(v2)).isEqualTo(ours);
                assertThat(Snapshot.decodeV2(ours.encodeV2())).isEqualTo(ours);
                if (ours.stateVector().asMap().size() < 2) { // Yjs writes clients in the order in which they came
                    assertThat(ours.encodeV2()).isEqualTo(v2);
                }
                assertThat(Snapshot.of(ours.deletes(), ours.stateVector())).isEqualTo(ours);
            }
        }
    }

    @Test
    void restored_areThoseOfYjs() {
        for (JsonNode json : Fixtures.read("snapshots")) {
            Doc doc = doc(json, json.get("updates").size());
            byte[] before = doc.encodeStateAsUpdate();
            for (JsonNode recorded : json.get("snapshots")) {
                if (!recorded.path("restored").has("unitSha")) {
                    continue;
                }
                Doc restored = Snapshot.decode(Fixtures.hex(recorded.get("v1"))).restore(doc);
                String which = json.get("name") + " after " + recorded.get("afterUpdates");
                JsonNode expect = recorded.get("restored");
                assertThat(restored.stateVector())
                        .as(which)
                        .isEqualTo(StateVector.decode(Fixtures.hex(expect.get("sv"))));
                assertThat(UnitForm.sha(restored.encodeStateAsUpdate()))
                        .as(which)
                        .isEqualTo(expect.get("unitSha").textValue());
                assertThat(TaggedJson.deep(restored, json.get("roots")))
                        .as(which)
                        .isEqualTo(TaggedJson.print(expect.get("deep")));
            }
            assertThat(doc.encodeStateAsUpdate())
                    .as("%s itself", json.get("name"))
                    .isEqualTo(before);
        }
    }

    @Test
    void containedUpdates_areThoseOfYjs() {
        for (JsonNode json : Fixtures.read("snapshots")) {
            for (JsonNode recorded : json.get("snapshots")) {
                Snapshot snapshot = Snapshot.decode(Fixtures.hex(recorded.get("v1")));
                List<Boolean> contains = new ArrayList<>();
                for (int i = 0; i < recorded.get("containsUpdate").size(); i++) {
                    Update update =
                            Update.decode(Fixtures.base64(json.get("updates").get(i)));
                    contains.add(snapshot.contains(update));
                }
                List<Boolean> expect = new ArrayList<>();
                recorded.get("containsUpdate").forEach(c -> expect.add(c.booleanValue()));
                assertThat(contains).as("%s", json.get("name")).isEqualTo(expect);
            }
        }
    }

    @Test
    void arrayAndMapAtASnapshot_areAsThen() {
        for (JsonNode json : Fixtures.read("snapshots")) {
            Doc doc = doc(json, json.get("updates").size());
            for (JsonNode recorded : json.get("snapshots")) {
                Snapshot snapshot = Snapshot.decode(Fixtures.hex(recorded.get("v1")));
                Doc then = doc(json, recorded.get("afterUpdates").intValue());
                assertThat(plain(doc.getArray("a").toList(snapshot)))
                        .as("%s", json.get("name"))
                        .isEqualTo(plain(then.getArray("a").toList()));
                assertThat(doc.getMap("m").toMap(snapshot).keySet())
                        .as("%s", json.get("name"))
                        .isEqualTo(then.getMap("m").keys());
            }
        }
    }

    /** Types only as what they are: their content now is another matter. */
    private static String plain(List<Object> values) {
        List<Object> plain = new ArrayList<>();
        values.forEach(value -> plain.add(
                value instanceof AbstractType || value instanceof Doc
                        ? value.getClass().getSimpleName()
                        : value));
        return TaggedJson.print(plain);
    }

    @Test
    void textAtASnapshot_isThatOfYjs() {
        for (JsonNode json : Fixtures.read("snapshots")) {
            Doc doc = doc(json, json.get("updates").size());
            YText text = doc.getText("t");
            Snapshot previous = null;
            for (JsonNode recorded : json.get("snapshots")) {
                Snapshot snapshot = Snapshot.decode(Fixtures.hex(recorded.get("v1")));
                if (recorded.has("textAtSnapshot")) {
                    assertThat(TaggedJson.print(text.toDelta(snapshot)))
                            .as("%s", json.get("name"))
                            .isEqualTo(TaggedJson.print(recorded.get("textAtSnapshot")));
                }
                if (recorded.has("textDiffToPrev") && previous != null) {
                    assertThat(TaggedJson.print(text.toDelta(snapshot, previous)))
                            .as("%s", json.get("name"))
                            .isEqualTo(TaggedJson.print(recorded.get("textDiffToPrev")));
                }
                previous = snapshot;
            }
        }
    }
}
