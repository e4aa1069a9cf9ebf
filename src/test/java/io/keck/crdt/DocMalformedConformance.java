package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Damaged and hostile updates, each on top of a good one: refused with the document as it was, or taken in whole. */
class DocMalformedConformance {
    private static final Duration NEVER_HANGS = Duration.ofSeconds(5);

    private record Outcome(Doc doc, boolean accepted) {}

    private static Outcome run(JsonNode json, String id) {
        Doc doc = new Doc();
        doc.applyUpdate(Fixtures.hex(json.get("base")));
        byte[] before = doc.encodeStateAsUpdate();
        return assertTimeoutPreemptively(
                NEVER_HANGS,
                () -> {
                    try {
                        doc.applyUpdate(Fixtures.hex(json.get("mutated")));
                        return new Outcome(doc, true);
                    } catch (DecodeException e) {
                        assertThat(doc.encodeStateAsUpdate()).as(id).isEqualTo(before);
                        assertThat(doc.isWaiting()).as(id).isFalse();
                        return new Outcome(doc, false);
                    }
                },
                id);
    }

    /** Of two blocks of one client Yjs forgets the first, and JavaScript loses a key that names the prototype. */
    private static boolean yjsKeepsAll(Oddities oddities) {
        return !oddities.clientTwice() && !oddities.protoKey();
    }

    @Test
    void everyCase_isRefusedOrLeavesADocumentThatCanBePassedOn() {
        int same = 0;
        for (JsonNode json : Fixtures.read("malformed")) {
            if (json.get("v").intValue() != 1) {
                continue;
            }
            String id = json.get("id") + " " + json.get("name");
            Outcome outcome = run(json, id);
            byte[] encoded = outcome.doc().encodeStateAsUpdate();
            Doc copy = new Doc();
            copy.applyUpdate(Update.decode(encoded, DecodeLimits.OWN), null);
            assertThat(copy.stateVector()).as(id).isEqualTo(outcome.doc().stateVector());
            JsonNode yjs = json.get("yjs").get("onBase");
            if (outcome.accepted()
                    && yjs.get("outcome").textValue().equals("accepts")
                    && yjs.path("usableAfter").booleanValue()
                    && yjs.path("unitShaAfter").isTextual()
                    && yjsKeepsAll(Oddities.of(Fixtures.hex(json.get("mutated"))))) {
                assertThat(UnitForm.sha(encoded))
                        .as(id)
                        .isEqualTo(yjs.get("unitShaAfter").textValue());
                same++;
            }
        }
        assertThat(same).isPositive();
    }
}
