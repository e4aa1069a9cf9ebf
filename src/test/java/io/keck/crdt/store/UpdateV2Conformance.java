package io.keck.crdt.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.Fixtures;
import io.keck.crdt.Oddities;
import io.keck.crdt.YjsOracle;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recorded updates that exist in both formats: each must become the other, byte for byte. */
class UpdateV2Conformance {
    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] toV2(byte[] v1) {
        return UpdateV2.encode(Update.decode(v1));
    }

    private static byte[] toV1(byte[] v2) {
        return UpdateV2.decode(v2).encode();
    }

    private static String sha(byte[] bytes) {
        try {
            return hex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Where Yjs converts an update it forgets that an item with an origin has a parentSub. Nobody reads that flag there,
     * the origin tells, but the bytes differ.
     */
    private static Update withoutInheritedSub(byte[] v1) {
        byte[] bytes = v1.clone();
        StructReader reader = new StructReader();
        reader.structs(bytes);
        while (reader.next()) {
            if ((reader.info & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) != 0) {
                bytes[reader.start] &= ~Refs.PARENT_SUB;
            }
        }
        return Update.decode(bytes);
    }

    private static List<byte[]> updates(JsonNode session, String field) {
        List<byte[]> updates = new ArrayList<>();
        session.get(field).forEach(u -> updates.add(Fixtures.base64(u)));
        return updates;
    }

    private static List<List<Integer>> order(JsonNode session, String name) {
        List<List<Integer>> order = new ArrayList<>();
        if (name.equals("emitted")) {
            for (int i = 0; i < session.get("updates").size(); i++) {
                order.add(List.of(i));
            }
            return order;
        }
        for (JsonNode entry : session.get("orders").get(name)) {
            List<Integer> indexes = new ArrayList<>();
            (entry.isArray() ? entry : List.of(entry)).forEach(i -> indexes.add(i.intValue()));
            order.add(indexes);
        }
        return order;
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void sessions_everyUpdateIsTheSameInBothFormats(String size) {
        int compared = 0;
        for (JsonNode session : Fixtures.read("sessions/" + size)) {
            if (!session.has("updatesV2")) {
                continue;
            }
            List<byte[]> v1 = updates(session, "updates");
            List<byte[]> v2 = updates(session, "updatesV2");
            for (int i = 0; i < v1.size(); i++) {
                String which = session.get("id").textValue() + " update " + i;
                assertThat(hex(toV2(v1.get(i)))).as(which).isEqualTo(hex(v2.get(i)));
                assertThat(hex(toV1(v2.get(i)))).as(which).isEqualTo(hex(v1.get(i)));
                compared++;
            }
        }
        assertThat(compared > 0).isEqualTo(size.equals("small")); // recorded for these only
    }

    /**
     * What Yjs encodes after every order; its V1 form is asked of live Yjs, as only the hash of it is recorded. Orders that
     * end in the same bytes are asked for once.
     */
    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void sessions_everyStateBecomesTheRecordedV2(String size) throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            int compared = 0;
            for (JsonNode session : Fixtures.read("sessions/" + size)) {
                List<JsonNode> recorded = new ArrayList<>();
                Set<String> hashes = new HashSet<>();
                session.get("expect").get("orders").properties().forEach(entry -> {
                    JsonNode expect = entry.getValue();
                    if (expect.has("shaV2") && hashes.add(expect.get("sha") + " " + expect.get("shaV2"))) {
                        recorded.add(expect);
                        yjs.encode(
                                session.get("gc").booleanValue(),
                                updates(session, "updates"),
                                order(session, entry.getKey()));
                    }
                });
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < recorded.size(); i++) {
                    String which = session.get("id").textValue() + " order " + i;
                    JsonNode expect = recorded.get(i);
                    byte[] v1 = answers.blob(answers.get(i).get("v1"));
                    byte[] v2 = answers.blob(answers.get(i).get("v2"));
                    assertThat(sha(v1)).as(which).isEqualTo(expect.get("sha").textValue());
                    byte[] ours = toV2(v1);
                    assertThat(hex(ours)).as(which).isEqualTo(hex(v2));
                    assertThat(ours).as(which).hasSize(expect.get("lenV2").intValue());
                    assertThat(sha(ours))
                            .as(which)
                            .isEqualTo(expect.get("shaV2").textValue());
                    assertThat(hex(toV1(v2))).as(which).isEqualTo(hex(v1));
                    compared++;
                }
            }
            System.out.println(size + ": " + compared + " states in both formats");
        }
    }

    /** Sessions that came in as V2 and go out as V2: the store does not notice. */
    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void sessions_realYjsFedInV2_endsWhereItEndedItself(String size) throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            List<JsonNode> sessions = Fixtures.read("sessions/" + size);
            for (JsonNode session : sessions) {
                boolean gc = session.get("gc").booleanValue();
                StructStore store = new StructStore(!gc);
                updates(session, "updates").forEach(u -> store.apply(store.reduce(UpdateV2.decode(toV2(u)))));
                yjs.applyV2(gc, session.get("roots"), List.of(toV2(store.encode())));
            }
            YjsOracle.Answers answers = yjs.ask();
            for (int i = 0; i < sessions.size(); i++) {
                JsonNode expect = sessions.get(i).get("expect");
                String which = sessions.get(i).get("id") + " " + answers.get(i).get("fail");
                assertThat(answers.get(i).get("unitSha"))
                        .as(which)
                        .isEqualTo(expect.get("orders").get("emitted").get("unitSha"));
                assertThat(answers.get(i).get("deep")).as(which).isEqualTo(expect.get("deep"));
            }
        }
    }

    /**
     * Whether ours may differ from what Yjs writes: a delete set out of order is put in order (Yjs' own V2 of it says
     * nonsense), and a Skip before the first struct of a client or after its last says nothing, so ours leaves it out.
     */
    private static boolean hasOtherBytes(byte[] v1) {
        Oddities oddities = Oddities.of(v1);
        return oddities.deletesOutOfOrder() || oddities.skipAtAnEdge() || oddities.clientTwice();
    }

    private static byte[] folded(Update update) {
        StructStore store = new StructStore(true);
        store.apply(update);
        return store.encode();
    }

    @Test
    void scenarios_everyUpdateIsTheSameInBothFormats() {
        for (JsonNode scenario : Fixtures.read("scenarios")) {
            JsonNode updates = scenario.get("updates");
            for (int i = 0; i < updates.size(); i++) {
                String which = scenario.get("name").textValue() + " update " + i;
                byte[] v1 = Fixtures.hex(updates.get(i).get("v1"));
                byte[] v2 = Fixtures.hex(updates.get(i).get("v2"));
                assertThat(folded(UpdateV2.decode(v2))).as(which).isEqualTo(folded(Update.decode(v1)));
                assertThat(folded(UpdateV2.decode(toV2(v1)))).as(which).isEqualTo(folded(Update.decode(v1)));
                if (hasOtherBytes(v1)) {
                    continue;
                }
                assertThat(hex(toV2(v1))).as(which).isEqualTo(hex(v2));
                assertThat(hex(toV1(v2))).as(which).isEqualTo(hex(v1));
            }
        }
    }

    @Test
    void scenarios_everyUpdateIsConvertedAsYjsDoes() {
        int compared = 0;
        for (JsonNode scenario : Fixtures.read("scenarios")) {
            JsonNode converted = scenario.path("perUpdate");
            for (int i = 0; i < converted.size(); i++) {
                String which = scenario.get("name").textValue() + " update " + i;
                byte[] v1 = Fixtures.hex(scenario.get("updates").get(i).get("v1"));
                byte[] v2 = Fixtures.hex(scenario.get("updates").get(i).get("v2"));
                if (!hasOtherBytes(v1)) {
                    assertThat(hex(UpdateV2.encode(withoutInheritedSub(v1))))
                            .as(which)
                            .isEqualTo(converted.get(i).get("v1ToV2").textValue());
                }
                // ours keeps the flag, so the two are compared without it
                byte[] fromYjs = Fixtures.hex(converted.get(i).get("v2ToV1"));
                assertThat(hex(UpdateV2.encode(withoutInheritedSub(toV1(v2)))))
                        .as(which)
                        .isEqualTo(hex(toV2(fromYjs)));
                compared++;
            }
        }
        assertThat(compared).isPositive();
    }

    @Test
    void scenarios_statesMergesAndDiffsAreTheSameInBothFormats() {
        int compared = 0;
        for (JsonNode scenario : Fixtures.read("scenarios")) {
            List<JsonNode> both = new ArrayList<>();
            JsonNode expect = scenario.path("expect");
            both.add(expect.path("updateV1"));
            both.add(expect.path("updateV2"));
            both.add(scenario.path("merge").path("v1"));
            both.add(scenario.path("merge").path("v2"));
            for (JsonNode diff : scenario.path("diffs")) {
                both.add(diff.path("fromDoc"));
                both.add(diff.path("fromDocV2"));
            }
            for (int i = 0; i < both.size(); i += 2) {
                String which = scenario.get("name").textValue() + " pair " + i;
                if (both.get(i).isMissingNode() || both.get(i + 1).isMissingNode()) {
                    continue;
                }
                byte[] v1 = Fixtures.hex(both.get(i));
                if (hasOtherBytes(v1)) {
                    continue;
                }
                byte[] v2 = Fixtures.hex(both.get(i + 1));
                assertThat(hex(toV2(v1))).as(which).isEqualTo(hex(v2));
                assertThat(hex(toV1(v2))).as(which).isEqualTo(hex(v1));
                compared++;
            }
        }
        assertThat(compared).isPositive();
    }

    /** What Yjs encodes after every recorded order, pending updates aside. */
    @Test
    void scenarios_everyOrderBecomesTheRecordedV2() throws Exception {
        int compared = 0;
        try (YjsOracle yjs = YjsOracle.open()) {
            for (JsonNode scenario : Fixtures.read("scenarios")) {
                List<byte[]> updates = new ArrayList<>();
                scenario.get("updates").forEach(u -> updates.add(Fixtures.hex(u.get("v1"))));
                JsonNode results = scenario.get("results");
                for (JsonNode result : results) {
                    List<List<Integer>> order = new ArrayList<>();
                    result.get("order").forEach(i -> order.add(List.of(i.intValue())));
                    yjs.encode(scenario.get("gc").booleanValue(), updates, order);
                }
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < results.size(); i++) {
                    JsonNode result = results.get(i);
                    String which = scenario.get("name").textValue() + " " + result.get("order");
                    byte[] v1 = answers.blob(answers.get(i).get("v1"));
                    byte[] v2 = answers.blob(answers.get(i).get("v2"));
                    assertThat(sha(v2)).as(which).isEqualTo(result.get("shaV2").textValue());
                    if (sha(v1).equals(result.get("sha").textValue()) && !pending(result)) {
                        assertThat(hex(toV2(v1))).as(which).isEqualTo(hex(v2));
                        assertThat(hex(toV1(v2))).as(which).isEqualTo(hex(v1));
                        compared++;
                    }
                }
            }
        }
        System.out.println("scenarios: " + compared + " states in both formats");
        assertThat(compared).isPositive();
    }

    private static boolean pending(JsonNode result) {
        JsonNode steps = result.get("steps");
        return steps.size() > 0 && steps.get(steps.size() - 1).has("pending");
    }

    @Test
    void snapshots_deleteSetsAreTheSameInBothFormats() {
        int compared = 0;
        for (JsonNode recorded : Fixtures.read("snapshots")) {
            for (JsonNode snapshot : recorded.get("snapshots")) {
                Decoder v2 = new Decoder(Fixtures.hex(snapshot.get("v2")));
                Encoder out = new Encoder();
                DeleteSetV2.toV1(v2, out);
                int end = v2.position();
                out.writeBytes(v2.array(), end, v2.array().length); // the state vector, the same in both
                assertThat(hex(out.toByteArray())).isEqualTo(snapshot.get("v1").textValue());

                byte[] v1 = Fixtures.hex(snapshot.get("v1"));
                Encoder update = new Encoder();
                update.writeUint8(0);
                update.writeBytes(v1, 0, v1.length - (v2.array().length - end));
                Update deletes = Update.decode(update.toByteArray());
                Encoder again = new Encoder();
                DeleteSetV2.encode(deletes.deleteRows(), deletes.deleteCount, again);
                again.writeBytes(v2.array(), end, v2.array().length);
                assertThat(hex(again.toByteArray()))
                        .isEqualTo(snapshot.get("v2").textValue());
                compared++;
            }
        }
        assertThat(compared).isPositive();
    }
}
