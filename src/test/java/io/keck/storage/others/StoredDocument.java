package io.keck.storage.others;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.crdt.Doc;
import io.keck.crdt.TaggedJson;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What real Yjs shows of a document in the store of a real server, as {@code stores.mjs} prints it. */
record StoredDocument(JsonNode json) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNode ROOTS =
            JSON.valueToTree(Map.of("text", "text", "list", "array", "map", "map", "page", "xmlFragment"));

    /** Reads lines. */
    static List<StoredDocument> read(byte[] lines) {
        List<StoredDocument> all = new ArrayList<>();
        for (String line : new String(lines, StandardCharsets.UTF_8).split("\n")) {
            try {
                all.add(new StoredDocument(JSON.readTree(line)));
            } catch (IOException e) {
                throw new IllegalStateException(line, e);
            }
        }
        return all;
    }

    String name() {
        return json.get("name").asText();
    }

    /**
     * As {@link #requireEqual}, of what a client has that loads the store. A server that stores updates as they come does not
     * store deletions that follow from them, such as that of the value that lost when two clients set one key.
     */
    void requireEqualOnceLoaded(StructStore store) {
        StructStore loaded = new StructStore();
        loaded.apply(Update.decode(Doc.of(store).encodeStateAsUpdate()));
        requireEqual(loaded);
    }

    /** Requires the same state vector, deletions and content. */
    void requireEqual(StructStore store) {
        Map<Long, Long> vector = new HashMap<>();
        json.get("sv")
                .forEach(entry -> vector.put(entry.get(0).asLong(), entry.get(1).asLong()));
        assertThat(store.stateVector().asMap()).as(name()).isEqualTo(vector);
        Map<Long, List<List<Long>>> deletes = new LinkedHashMap<>();
        json.get("ds")
                .forEach(client -> client.get("ranges")
                        .forEach(range -> deletes.computeIfAbsent(
                                        client.get("client").asLong(), c -> new ArrayList<>())
                                .add(List.of(range.get(0).asLong(), range.get(1).asLong()))));
        Map<Long, List<List<Long>>> here = new LinkedHashMap<>();
        store.deletes()
                .forEachInOrder((client, from, to) ->
                        here.computeIfAbsent(client, c -> new ArrayList<>()).add(List.of(from, to)));
        assertThat(here).as(name()).isEqualTo(deletes);
        assertThat(TaggedJson.deep(Doc.of(store), ROOTS)).as(name()).isEqualTo(TaggedJson.print(json.get("content")));
    }
}
