package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateV2;
import io.keck.testing.RealYjs;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Random documents that clients of Yjs 14 ({@code @y/y}) and of Yjs 13 edit together: text, formats, elements and
 * attributes in one type, the root named "" among them. What is read here is what they see, and what is encoded here
 * brings them there.
 */
class FourteenTest {
    private static final int DOCUMENTS = Boolean.getBoolean("keck.campaign") ? 1_000 : 25;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The process that has both. */
    private static final class Both implements AutoCloseable {
        private final Process process = RealYjs.start("fourteen.mjs");
        private final BufferedWriter out =
                new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        private final BufferedReader in =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));

        JsonNode ask(ObjectNode request) throws IOException {
            out.write(request.toString());
            out.newLine();
            out.flush();
            String answer = in.readLine();
            assertThat(answer).as("an answer; what went wrong is on stderr").isNotNull();
            return JSON.readTree(answer);
        }

        @Override
        public void close() throws IOException {
            out.close(); // the end of its input ends the process
        }
    }

    @Test
    void documentsOfBoth_areReadAndWrittenAsTheySeeThem() throws Exception {
        try (Both both = new Both()) {
            for (int seed = 1; seed <= DOCUMENTS; seed++) {
                JsonNode made = both.ask(JSON.createObjectNode().put("seed", seed));
                Doc doc = new Doc();
                StructStore store = new StructStore();
                for (JsonNode update : made.get("updates")) {
                    byte[] bytes = update.binaryValue();
                    doc.applyUpdate(bytes);
                    store.apply(store.reduce(Update.decode(bytes)));
                }
                assertThat(doc.isWaiting()).as("seed %d", seed).isFalse();
                read(seed, doc, made.get("roots"));
                read(seed, Doc.of(store), made.get("roots"));
                assertThat(doc.stateVector())
                        .as("seed %d", seed)
                        .isEqualTo(Update.decode(made.get("v1").binaryValue()).stateVector())
                        .isEqualTo(UpdateV2.decode(made.get("v2").binaryValue()).stateVector());
                for (byte[] v1 : List.of(doc.encodeStateAsUpdate(), store.encode())) {
                    JsonNode theirs = both.ask(JSON.createObjectNode()
                            .put("v1", v1)
                            .put("v2", UpdateV2.encode(Update.decode(v1, DecodeLimits.OWN))));
                    assertThat(theirs.get("roots")).as("seed %d", seed).isEqualTo(made.get("roots"));
                    assertThat(theirs.get("rootsV2")).as("seed %d in V2", seed).isEqualTo(made.get("roots"));
                }
            }
        }
    }

    private static void read(int seed, Doc doc, JsonNode roots) {
        for (JsonNode expected : roots) {
            String name = expected.get("name").textValue();
            Root root = doc.findRoot(name);
            if (root == null) {
                assertThat(expected.get("string14").textValue()).isEmpty();
                continue;
            }
            String which = "seed " + seed + " root \"" + name + "\"";
            assertThat(root.asXml().toString())
                    .as(which)
                    .isEqualTo(expected.get("xml13").textValue());
            assertThat(root.asText().toString())
                    .as(which)
                    .isEqualTo(expected.get("text14").textValue());
            assertThat(JSON.<JsonNode>valueToTree(root.asMap().toJson()))
                    .as(which)
                    .isEqualTo(expected.get("attributes14"));
            assertThat(delta(root.asText())).as(which).isEqualTo(expected.get("delta13"));
        }
    }

    private static JsonNode delta(YText text) {
        ArrayNode steps = JSON.createArrayNode();
        for (Delta step : text.toDelta()) {
            Delta.Insert insert = (Delta.Insert) step;
            steps.addObject()
                    .put("insert", String.valueOf(insert.value()))
                    .set("attributes", JSON.valueToTree(insert.attributes()));
        }
        return steps;
    }
}
