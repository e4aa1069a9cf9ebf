package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.Fixtures;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Recorded scripts against y-protocols' Awareness, run against ours. Every remote client has one owner of its own, who
 * sends its states and whose end is the script's {@code remove}.
 *
 * <p>Left out, because a server has no client of its own: the steps {@code setLocal} and {@code setField}, and every
 * state and clock of the local client. Left out, because it is no business of the class: {@code encode} and
 * {@code modify}. Ours on purpose: the clock of a removed state is remembered for 60 seconds and not for ever, and then an
 * old state is news again; so a client that was forgotten once is compared no more. That it happens after 60 seconds
 * only is checked. Claims and owners: see {@link AwarenessTest}.
 */
class AwarenessConformance {
    /** y-protocols looks for outdated states so often. */
    private static final long CHECK_EVERY = 3_000;

    private static final Set<String> NOT_OURS = Set.of("setLocal", "setField", "encode", "modify");

    private static final class Run {
        final JsonNode script;
        final long local;
        final Awareness<FakeOwner> awareness = new Awareness<>();
        final Map<Long, FakeOwner> owners = new HashMap<>();
        final Map<Long, Long> removedAt = new HashMap<>();
        final Set<Long> forgotten = new HashSet<>();
        long now;
        int compared;

        Run(JsonNode script) {
            this.script = script;
            this.local = script.get("localClientId").longValue();
        }

        FakeOwner owner(long client) {
            return owners.computeIfAbsent(client, c -> FakeOwner.socket(1));
        }

        void step(JsonNode step) {
            switch (step.get("op").textValue()) {
                case "apply" -> apply(step);
                case "remove" ->
                    step.get("clients").forEach(client -> awareness.removeOwner(owner(client.longValue()), now));
                case "advance" -> advance(step.get("ms").longValue());
                default -> assertThat(NOT_OURS).contains(step.get("op").textValue());
            }
        }

        private void apply(JsonNode step) {
            List<AwarenessState> states;
            try {
                states = AwarenessState.decode(Fixtures.hex(step.get("hex")), DecodeLimits.DEFAULT);
            } catch (DecodeException e) {
                assertThat(step.has("decoded")).as("refused: %s", step).isFalse();
                return;
            }
            for (AwarenessState s : states) {
                if (s.client() != local) {
                    awareness.apply(s, owner(s.client()), false, now);
                }
            }
        }

        /** The recorder ran the timer after every 3 seconds of an advance, and at its end. */
        private void advance(long ms) {
            for (long end = now + ms; now < end; ) {
                now = Math.min(end, now + CHECK_EVERY);
                awareness.expire(now);
            }
        }

        void compare(JsonNode after, String where) {
            Map<Long, JsonNode> states = new TreeMap<>();
            awareness.states().forEach(s -> states.put(s.client(), Fixtures.json(s.json())));
            Map<Long, JsonNode> recorded = remote(after.get("states"));
            states.keySet().removeAll(forgotten);
            recorded.keySet().removeAll(forgotten);
            assertThat(states).as(where).isEqualTo(recorded);
            compared += recorded.size();
            remote(after.get("clocks")).forEach((client, clock) -> {
                if (forgotten.contains(client)) {
                    return;
                }
                if (states.containsKey(client)) {
                    removedAt.remove(client);
                } else {
                    removedAt.putIfAbsent(client, now);
                }
                if (awareness.clock(client) == 0) {
                    assertThat(now - removedAt.get(client))
                            .as("%s: forgotten too early", where)
                            .isGreaterThanOrEqualTo(Awareness.REMEMBER_MS - CHECK_EVERY);
                    forgotten.add(client);
                } else {
                    assertThat(awareness.clock(client)).as(where).isEqualTo(clock.longValue());
                }
            });
        }

        private Map<Long, JsonNode> remote(JsonNode pairs) {
            Map<Long, JsonNode> map = new TreeMap<>();
            for (JsonNode pair : pairs) {
                if (pair.get(0).longValue() != local) {
                    map.put(pair.get(0).longValue(), pair.get(1));
                }
            }
            return map;
        }
    }

    @Test
    void statesAndClocks_areTheRecordedOnes() {
        List<String> names = new ArrayList<>();
        int compared = 0;
        for (JsonNode script : Fixtures.read("awareness")) {
            Run run = new Run(script);
            int i = 0;
            for (JsonNode step : script.get("steps")) {
                run.step(step);
                run.compare(step.get("after"), script.get("name").textValue() + ", step " + i++ + ": " + step);
            }
            names.add(script.get("name").textValue());
            compared += run.compared;
        }
        assertThat(compared).as("states compared").isGreaterThan(300);
        assertThat(names).hasSizeGreaterThanOrEqualTo(30);
    }

    @Test
    void wireForm_isTheRecordedOne() {
        int compared = 0;
        for (JsonNode script : Fixtures.read("awareness")) {
            for (JsonNode step : script.get("steps")) {
                if (step.get("op").textValue().equals("apply") && step.has("decoded")) {
                    byte[] recorded = Fixtures.hex(step.get("hex"));
                    List<AwarenessState> states = AwarenessState.decode(recorded, DecodeLimits.DEFAULT);
                    assertThat(AwarenessState.encode(states)).isEqualTo(recorded);
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThan(100);
    }
}
