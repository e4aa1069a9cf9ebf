package io.keck.crdt;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recorded editing sessions of several clients, integrated in every recorded order: a Doc must end where Yjs ended. */
class DocSessionConformance {
    /** Without nested types the bytes do not depend on the order either. */
    private static final Set<String> FLAT = Set.of("text-plain", "text-rich", "text-surrogate", "array", "map", "nogc");

    static Doc doc(boolean gc) {
        return new Doc(DocOptions.create().withGc(gc));
    }

    private static Doc deliver(Session session, List<List<Integer>> order) {
        Doc doc = doc(session.gc());
        for (List<Integer> entry : order) {
            if (entry.size() == 1) {
                doc.applyUpdate(session.updates().get(entry.get(0)));
            } else {
                List<Update> parts = entry.stream()
                        .map(i -> Update.decode(session.updates().get(i)))
                        .collect(toList());
                doc.applyUpdate(Update.merge(parts, !session.gc()), null);
            }
        }
        return doc;
    }

    static String deletes(DeleteSet deletes) {
        StringBuilder out = new StringBuilder();
        deletes.forEach((client, from, to) -> out.append(client)
                .append(' ')
                .append(from)
                .append('-')
                .append(to)
                .append('\n'));
        return out.toString();
    }

    static String deletes(JsonNode ds) {
        StringBuilder out = new StringBuilder();
        ds.forEach(client -> client.get("ranges")
                .forEach(range -> out.append(client.get("client").longValue())
                        .append(' ')
                        .append(range.get(0).longValue())
                        .append('-')
                        .append(range.get(1).longValue())
                        .append('\n')));
        return out.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void everyOrder_endsWhereYjsEnded(String size) {
        for (Session session : Session.read(size)) {
            JsonNode expect = session.expect();
            session.orders().forEach((name, order) -> {
                String which = session.id() + " " + name;
                Doc doc = deliver(session, order);
                assertThat(doc.isWaiting()).as(which).isFalse();
                assertThat(doc.stateVector()).as(which).isEqualTo(Fixtures.stateVector(expect.get("svJson")));
                assertThat(deletes(doc.deletes())).as(which).isEqualTo(deletes(expect.get("ds")));
                JsonNode roots = session.json().get("roots");
                assertThat(TaggedJson.deep(doc, roots)).as(which).isEqualTo(TaggedJson.print(expect.get("deep")));
                assertThat(TaggedJson.json(doc, roots)).as(which).isEqualTo(TaggedJson.print(expect.get("json")));
                assertThat(UnitForm.sha(doc.encodeStateAsUpdate()))
                        .as(which)
                        .isEqualTo(session.expect(name).get("unitSha").textValue());
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void bytes_areThoseOfYjs(String size) {
        for (Session session : Session.read(size)) {
            session.orders().forEach((name, order) -> {
                boolean flat = FLAT.contains(session.json().get("kind").textValue());
                if (name.equals("emitted") || flat) {
                    Doc doc = deliver(session, order);
                    assertThat(sha(doc.encodeStateAsUpdate()))
                            .as("%s %s", session.id(), name)
                            .isEqualTo(session.expect(name).get("sha").textValue());
                    assertThat(sha(doc.encodeStateAsUpdateV2()))
                            .as("%s %s V2", session.id(), name)
                            .isEqualTo(session.expect(name).get("shaV2").textValue());
                }
            });
        }
    }

    /** Updates in V2 do what those in V1 do, and are told of in V2. */
    @Test
    void updatesInV2_endInTheBytesOfYjs() {
        int compared = 0;
        for (Session session : Session.read("small")) {
            Doc doc = doc(session.gc());
            Doc follower = doc(session.gc());
            doc.onUpdateV2((update, transaction) -> follower.applyUpdateV2(update));
            for (JsonNode update : session.json().path("updatesV2")) {
                doc.applyUpdateV2(Fixtures.base64(update));
                compared++;
            }
            if (session.json().has("updatesV2")) {
                JsonNode expect = session.expect("emitted");
                assertThat(sha(doc.encodeStateAsUpdate()))
                        .as(session.id())
                        .isEqualTo(expect.get("sha").textValue());
                assertThat(UnitForm.sha(follower.encodeStateAsUpdate()))
                        .as(session.id())
                        .isEqualTo(expect.get("unitSha").textValue());
            }
        }
        assertThat(compared).isPositive();
    }

    /** A store that goes through a document loses what integrating finds to be garbage, and nothing else. */
    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void storeThroughADoc_isWhatYjsHas(String size) {
        for (Session session : Session.read(size)) {
            StructStore store = new StructStore(!session.gc());
            session.updates().forEach(u -> store.apply(Update.decode(u)));
            Doc doc = Doc.of(store, DocOptions.create().withGc(session.gc()));
            byte[] collected = doc.toStructStore().encode();
            assertThat(UnitForm.sha(collected))
                    .as(session.id())
                    .isEqualTo(session.expect("emitted").get("unitSha").textValue());
            assertThat(collected.length).as(session.id()).isLessThanOrEqualTo(doc.encodeStateAsUpdate().length);
        }
    }

    /** Somebody who has part of a session gets the rest as a diff. */
    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void diffs_completeAReplica(String size) {
        for (Session session : Session.read(size)) {
            List<List<Integer>> order = session.orders().get("emitted");
            Doc whole = deliver(session, order);
            Doc part = deliver(session, order.subList(0, order.size() / 2));
            part.applyUpdate(whole.encodeStateAsUpdate(part.stateVector()));
            assertThat(UnitForm.sha(part.encodeStateAsUpdate()))
                    .as(session.id())
                    .isEqualTo(session.expect("emitted").get("unitSha").textValue());
        }
    }

    private static String sha(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
