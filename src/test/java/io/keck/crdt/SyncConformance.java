package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Recorded handshakes between a Yjs client and a Yjs server, below the framing: what a store answers to a state vector,
 * and what it learns from an answer.
 */
class SyncConformance {
    /** One handshake; the client has the first of the server's updates. */
    private record Handshake(JsonNode json, StructStore server, StructStore client, List<byte[]> clientUpdates) {
        static List<Handshake> all() {
            List<Handshake> all = new ArrayList<>();
            for (JsonNode json : Fixtures.read("sync-protocol")) {
                if (!json.has("serverUpdates")) {
                    continue; // single frames: they are about the protocol
                }
                StructStore server = new StructStore();
                StructStore client = new StructStore();
                List<byte[]> clientUpdates = new ArrayList<>();
                for (JsonNode text : json.get("serverUpdates")) {
                    byte[] update = Fixtures.base64(text);
                    server.apply(Update.decode(update));
                    if (clientUpdates.size() < json.get("clientHasFirst").intValue()) {
                        client.apply(Update.decode(update));
                        clientUpdates.add(update);
                    }
                }
                all.add(new Handshake(json, server, client, clientUpdates));
            }
            return all;
        }

        String name() {
            return json.get("name").textValue();
        }

        /** What a recorded frame carries after its two type bytes. */
        byte[] payload(String frame) {
            Decoder in = new Decoder(Fixtures.hex(json.get(frame)));
            in.skip(2);
            byte[] payload = in.readVarUint8Array();
            assertThat(in.hasRemaining()).as(frame).isFalse();
            return payload;
        }
    }

    @Test
    void step1_stateVectorsAreTheRecordedOnes() {
        for (Handshake h : Handshake.all()) {
            assertThat(h.client().stateVector())
                    .as(h.name())
                    .isEqualTo(StateVector.decode(h.payload("step1FromClient")));
            assertThat(h.server().stateVector())
                    .as(h.name())
                    .isEqualTo(StateVector.decode(h.payload("step1FromServer")));
        }
    }

    @Test
    void step1_emptyStateVectorHasTheRecordedBytes() {
        for (Handshake h : Handshake.all()) {
            assertThat(new StructStore().stateVector().encode()).isEqualTo(h.payload("emptyStep1"));
        }
    }

    @Test
    void step2_takesTheClientToTheServersState() {
        for (Handshake h : Handshake.all()) {
            byte[] answer = h.server().diff(h.client().stateVector());
            h.client().apply(h.client().reduce(Update.decode(answer)));
            assertThat(h.client().encode()).as(h.name()).isEqualTo(h.server().encode());
        }
    }

    @Test
    void step2_bringsRealYjsWhereTheRecordedOneDoes() throws Exception {
        try (YjsOracle yjs = YjsOracle.open()) {
            for (Handshake h : Handshake.all()) {
                List<byte[]> ours = new ArrayList<>(h.clientUpdates());
                ours.add(h.server().diff(StateVector.decode(h.payload("step1FromClient"))));
                List<byte[]> recorded = new ArrayList<>(h.clientUpdates());
                recorded.add(h.payload("step2FromServer"));
                yjs.apply(true, h.json().get("roots"), ours);
                yjs.apply(true, h.json().get("roots"), recorded);
                YjsOracle.Answers answers = yjs.ask();
                assertThat(answers.get(0)).as(h.name()).isEqualTo(answers.get(1));
                assertThat(answers.get(0).get("pending").booleanValue()).isFalse();
            }
        }
    }

    /** The recorded client had nothing of its own: its step 2 repeats deletes, and those may be known or implied. */
    @Test
    void step2FromClient_bringsNoStructs() {
        for (Handshake h : Handshake.all()) {
            Update news = h.server().reduce(Update.decode(h.payload("step2FromClient")));
            assertThat(news.clients()).as(h.name()).isEmpty();
            h.server().apply(news);
            assertThat(h.server()
                            .reduce(Update.decode(h.payload("step2FromClient")))
                            .isEmpty())
                    .as("%s, sent again", h.name())
                    .isTrue();
        }
    }

    /** To a peer that has everything: no structs, but the whole delete set. */
    @Test
    void step2ToAnUpToDateClient_holdsOnlyDeletes() {
        for (Handshake h : Handshake.all()) {
            Update ours = Update.decode(h.server().diff(h.server().stateVector()));
            assertThat(ours.clients()).as(h.name()).isEmpty();
            // Yjs may have found more to delete, never less
            Update recorded = Update.decode(h.payload("upToDateStep2"));
            StructStore known = new StructStore();
            known.apply(recorded);
            assertThat(known.reduce(ours).isEmpty()).as(h.name()).isTrue();
        }
    }

    @Test
    void updateFrame_isTheFirstUpdate() {
        for (Handshake h : Handshake.all()) {
            assertThat(Update.decode(h.payload("updateFrame")).encode())
                    .as(h.name())
                    .isEqualTo(h.payload("updateFrame"));
        }
    }
}
