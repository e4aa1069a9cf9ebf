package io.keck.linearizability;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.Doc;
import io.keck.crdt.YArray;
import io.keck.crdt.YMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The cells of a document: {@code m/KEY} the keys of the map "m", {@code a} the array "a", {@code t} the entries of the text
 * "t", each ended by a semicolon, {@code b/ID} the property "v" of a block, {@code c/ID} the children of a block.
 */
final class Contents {
    static final String CHILD = "child";

    private Contents() {}

    /** A V1 update that holds these keys of the map "m". */
    static byte[] update(Map<String, String> cells) {
        Doc doc = new Doc();
        doc.transact(edit -> cells.forEach((cell, value) -> {
            if (cell.equals("a")) {
                doc.getArray("a").push(value);
            } else {
                doc.getMap("m").set(cell.substring(2), value);
            }
        }));
        return doc.encodeStateAsUpdate();
    }

    /** What a whole document holds. */
    static Map<String, String> of(byte[] v1) {
        Doc doc = new Doc();
        doc.applyUpdate(v1);
        Map<String, String> cells = new TreeMap<>();
        doc.getMap("m").toMap().forEach((key, value) -> cells.put("m/" + key, String.valueOf(value)));
        putBag(cells, "a", doc.getArray("a").toList());
        putBag(cells, "t", entries(doc.getText("t").toString()));
        YMap blocks = doc.getMap("space:blocks");
        for (String id : blocks.keys()) {
            if (blocks.get(id) instanceof YMap block) {
                block(cells, id, block);
            }
        }
        return cells;
    }

    private static void block(Map<String, String> cells, String id, YMap block) {
        if (id.startsWith("b")) {
            cells.put("b/" + id, String.valueOf(block.get("prop:v")));
        } else if (!id.startsWith(CHILD)) {
            if (block.get("sys:children") instanceof YArray children) {
                putBag(cells, "c/" + id, children.toList());
            }
        }
    }

    private static void putBag(Map<String, String> cells, String cell, List<? extends @Nullable Object> entries) {
        if (!entries.isEmpty()) {
            cells.put(cell, joined(entries));
        }
    }

    static String joined(List<? extends @Nullable Object> entries) {
        List<String> texts = new ArrayList<>();
        entries.forEach(entry -> texts.add(String.valueOf(entry)));
        return String.join(",", texts);
    }

    /** The entries of the text. */
    static List<String> entries(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(";"));
    }

    static Map<String, String> ofMap(JsonNode object) {
        Map<String, String> cells = new TreeMap<>();
        object.properties()
                .forEach(e -> cells.put("m/" + e.getKey(), e.getValue().asText()));
        return cells;
    }

    static String ofArray(JsonNode array) {
        List<String> entries = new ArrayList<>();
        array.forEach(entry -> entries.add(entry.asText()));
        return joined(entries);
    }
}
