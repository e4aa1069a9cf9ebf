package io.keck.crdt;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Recorded editing sessions of several clients, delivered in the order of their making, shuffled, reversed and in merged
 * batches: the store must end where Yjs ended, and Yjs must get there from what the store encodes.
 */
class SessionConformance {

    private static StructStore deliver(Session session, List<List<Integer>> order) {
        StructStore store = new StructStore(!session.gc());
        for (List<Integer> entry : order) {
            List<Update> parts = entry.stream()
                    .map(i -> Update.decode(session.updates().get(i)))
                    .collect(toList());
            store.apply(store.reduce(Update.merge(parts, !session.gc())));
        }
        return store;
    }

    /** The first updates, in the order of their making. */
    private static StructStore prefix(Session session, int count) {
        return deliver(session, session.orders().get("emitted").subList(0, count));
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void everyOrder_endsInTheRecordedStateVector(String size) {
        for (Session session : Session.read(size)) {
            session.orders().forEach((name, order) -> {
                StructStore store = deliver(session, order);
                assertThat(store.stateVector())
                        .as("%s %s", session.id(), name)
                        .isEqualTo(Fixtures.stateVector(session.expect().get("svJson")));
            });
        }
    }

    /**
     * Not the recorded delete set itself: whoever integrates finds more to delete, a map's overwritten values and what
     * was put into a type that somebody else deletes. Nobody says so in an update.
     */
    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void everyOrder_deletesNothingThatYjsKeeps(String size) {
        for (Session session : Session.read(size)) {
            DeleteSet recorded = new DeleteSet();
            session.expect()
                    .get("ds")
                    .forEach(client -> client.get("ranges")
                            .forEach(range -> recorded.add(
                                    client.get("client").longValue(),
                                    range.get(0).longValue(),
                                    range.get(1).longValue())));
            session.orders()
                    .forEach((name, order) -> deliver(session, order).deletes().forEach((client, from, to) -> {
                        for (long clock = from; clock < to; clock++) {
                            assertThat(recorded.contains(client, clock))
                                    .as("%s %s: %d:%d", session.id(), name, client, clock)
                                    .isTrue();
                        }
                    }));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void everyOrder_endsInTheSameBytes(String size) {
        for (Session session : Session.read(size)) {
            byte[] expected = prefix(session, session.updates().size()).encode();
            session.orders()
                    .forEach((name, order) -> assertThat(deliver(session, order).encode())
                            .as("%s %s", session.id(), name)
                            .isEqualTo(expected));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void updatesSeenBefore_reduceToNothing(String size) {
        for (Session session : Session.read(size)) {
            session.orders().forEach((name, order) -> {
                StructStore store = deliver(session, order);
                for (int i = 0; i < session.updates().size(); i++) {
                    Update again = Update.decode(session.updates().get(i));
                    assertThat(store.reduce(again).isEmpty())
                            .as("%s %s update %d", session.id(), name, i)
                            .isTrue();
                }
                assertThat(store.reduce(Update.decode(store.encode())).isEmpty())
                        .as("%s %s, all of it", session.id(), name)
                        .isTrue();
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void encodedAndDecodedAgain_isTheSame(String size) {
        for (Session session : Session.read(size)) {
            byte[] encoded = prefix(session, session.updates().size()).encode();
            StructStore copy = new StructStore(!session.gc());
            copy.apply(Update.decode(encoded));
            assertThat(copy.encode()).as(session.id()).isEqualTo(encoded);
            copy.apply(Update.decode(encoded));
            assertThat(copy.encode()).as("%s, applied twice", session.id()).isEqualTo(encoded);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void prefixPlusDiff_isTheWhole(String size) {
        for (Session session : Session.read(size)) {
            int n = session.updates().size();
            StructStore whole = prefix(session, n);
            for (int applied : List.of(n / 4, n / 2, n * 3 / 4)) {
                StructStore part = prefix(session, applied);
                Update diff = Update.decode(whole.diff(part.stateVector()));
                part.apply(part.reduce(diff));
                assertThat(part.encode())
                        .as("%s from update %d", session.id(), applied)
                        .isEqualTo(whole.encode());
            }
        }
    }

    /** Checkpoints are recorded for the bigger sessions only. */
    @ParameterizedTest
    @ValueSource(strings = {"medium", "large"})
    void checkpoints_realYjsAgrees(String size) throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (Session session : Session.read(size)) {
                JsonNode checkpoints = session.expect().get("checkpoints");
                for (JsonNode checkpoint : checkpoints) {
                    StructStore store =
                            prefix(session, checkpoint.get("applied").intValue());
                    assertThat(store.stateVector())
                            .as(session.id())
                            .isEqualTo(StateVector.decode(Fixtures.hex(checkpoint.get("sv"))));
                    yjs.apply(session.gc(), null, store.encode());
                }
                YjsOracle.Answers answers = yjs.ask();
                for (int i = 0; i < checkpoints.size(); i++) {
                    assertThat(answers.get(i).get("unitSha"))
                            .as("%s checkpoint %d", session.id(), i)
                            .isEqualTo(checkpoints.get(i).get("unitSha"));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "medium", "large"})
    void realYjsFedFromTheStore_endsWhereItEndedItself(String size) throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (Session session : Session.read(size)) {
                Map<String, List<List<Integer>>> orders = session.orders();
                orders.forEach((name, order) -> yjs.apply(
                        session.gc(),
                        session.json().get("roots"),
                        deliver(session, order).encode()));
                YjsOracle.Answers answers = yjs.ask();
                int i = 0;
                for (String name : orders.keySet()) {
                    JsonNode is = answers.get(i++);
                    String which = session.id() + " " + name;
                    assertThat(is.get("unitSha"))
                            .as("%s: %s", which, is.get("fail"))
                            .isEqualTo(session.expect(name).get("unitSha"));
                    assertThat(is.get("svJson"))
                            .as(which)
                            .isEqualTo(session.expect().get("svJson"));
                    assertThat(is.get("ds"))
                            .as(which)
                            .isEqualTo(session.expect().get("ds"));
                    assertThat(is.get("deep"))
                            .as(which)
                            .isEqualTo(session.expect().get("deep"));
                    assertThat(is.get("pending").booleanValue()).as(which).isFalse();
                }
            }
        }
    }
}
