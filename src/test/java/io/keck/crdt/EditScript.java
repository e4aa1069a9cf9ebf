package io.keck.crdt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.crdt.lib0.JsonValue;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Random edits through the API, by several editors with a document each, undone and synced now and then; written down so
 * that the real Yjs can do the same ({@code src/test/js/script.mjs}). The same seed gives the same script.
 */
final class EditScript {
    /** Which surrogate pairs there are. Yjs cuts some where nothing is edited, we do not: then the two differ. */
    enum Pairs {
        NONE,
        /** Edits do not cut them. */
        WHOLE,
        CUT
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PAIR = "😀";
    private static final List<String> WORDS = List.of("a", "xy", "the quick ", "é", "日本語", PAIR, "\n", "ÿĀ", " ");
    private static final List<String> KEYS = List.of("k", "title", "é😀", "");
    private static final List<String> FORMATS = List.of("b", "i", "color");
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "0",
            "1",
            "-1",
            "2147483648",
            "0.5",
            "\"text\"",
            "\"\"",
            "[]",
            "{}",
            "[1,[2,{\"k\":null}]]");
    private static final List<String> JSON_VALUES = List.of("null", "true", "1", "0.25", "\"red\"", "{\"a\":1}");

    private final Random random;
    private final boolean gc;
    private final Pairs pairs;
    final List<Long> clients = new ArrayList<>();
    final List<Doc> docs = new ArrayList<>();
    final List<byte[]> updates = new ArrayList<>();
    final List<byte[]> updatesV2 = new ArrayList<>();
    final ArrayNode steps = JSON.createArrayNode();
    private final List<UndoManager> undo = new ArrayList<>();

    EditScript(long seed, int editors, int length, Pairs pairs) {
        this.random = new Random(seed);
        this.pairs = pairs;
        this.gc = random.nextInt(4) > 0;
        for (int i = 0; i < editors; i++) {
            Doc doc = DocSessionConformance.doc(gc);
            clients.add((long) random.nextInt(1000) * editors + i);
            doc.setClientId(clients.get(i));
            doc.onUpdate((update, transaction) -> updates.add(update));
            doc.onUpdateV2((update, transaction) -> updatesV2.add(update));
            docs.add(doc);
            List<AbstractType> roots =
                    List.of(doc.getText("t"), doc.getArray("a"), doc.getMap("m"), doc.getXmlFragment("x"));
            undo.add(new UndoManager(roots, UndoOptions.create(() -> 0).withCaptureTimeout(0)));
        }
        for (int i = 0; i < length; i++) {
            step();
        }
    }

    boolean gc() {
        return gc;
    }

    /** One more step. */
    void step() {
        int doc = random.nextInt(docs.size());
        int what = random.nextInt(100);
        if (what < 12) {
            int from = random.nextInt(docs.size());
            steps.addObject().put("doc", doc).put("op", "sync").put("from", from);
            sync(from, doc);
        } else if (what < 18) {
            steps.addObject().put("doc", doc).put("op", "undo");
            undo.get(doc).undo();
        } else if (what < 21) {
            steps.addObject().put("doc", doc).put("op", "redo");
            undo.get(doc).redo();
        } else if (what < 30) {
            ObjectNode group = steps.addObject().put("doc", doc).put("op", "group");
            ArrayNode inner = group.putArray("steps");
            docs.get(doc).transact(transaction -> {
                for (int i = random.nextInt(4); i >= 0; i--) {
                    edit(doc, inner);
                }
            });
        } else {
            edit(doc, steps);
        }
    }

    /** Brings all documents to the same state; not part of the script. */
    void syncAll() {
        for (int to = 0; to < docs.size(); to++) {
            for (int from = 0; from < docs.size(); from++) {
                sync(from, to);
            }
        }
        for (int to = 0; to < docs.size(); to++) {
            sync(docs.size() - 1, to);
        }
    }

    private void sync(int from, int to) {
        docs.get(to).applyUpdate(docs.get(from).encodeStateAsUpdate(docs.get(to).stateVector()), "remote");
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private void edit(int doc, ArrayNode into) {
        ArrayNode path = JSON.createArrayNode();
        String root = pick(List.of("t", "t", "a", "m", "x"));
        path.add(root);
        AbstractType type = TaggedJson.root(
                docs.get(doc),
                root,
                Map.of("t", "text", "a", "array", "m", "map", "x", "xmlFragment")
                        .get(root));
        for (int depth = 0; depth < 3 && random.nextInt(3) > 0; depth++) {
            type = below(type, path);
        }
        ObjectNode step = into.addObject().put("doc", doc);
        step.set("path", path);
        if (type instanceof YText text) {
            text(text, step);
        } else if (type instanceof YArray array) {
            array(array, step);
        } else if (type instanceof YMap map) {
            map(map, step);
        } else {
            xml((YXmlFragment) type, step);
        }
    }

    private AbstractType below(AbstractType type, ArrayNode path) {
        if (type instanceof YMap map) {
            String key = pick(KEYS);
            if (map.get(key) instanceof AbstractType child) {
                path.add(key);
                return child;
            }
        } else if (!(type instanceof YText)) {
            List<Object> children = Lists.toList(type.branch);
            for (int i = 0; i < children.size(); i++) {
                if (children.get(i) instanceof AbstractType child && random.nextBoolean()) {
                    path.add(i);
                    return child;
                }
            }
        }
        return type;
    }

    private String word() {
        String word = pick(WORDS);
        return pairs == Pairs.NONE && word.equals(PAIR) ? "--" : word;
    }

    private ObjectNode attributes(ObjectNode step) {
        ObjectNode attributes = step.putObject("attributes");
        for (int i = random.nextInt(2); i >= 0; i--) {
            attributes.set(pick(FORMATS), Fixtures.json(pick(JSON_VALUES)));
        }
        return attributes;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(JsonNode json) {
        return (Map<String, Object>) JsonValue.parse(json.toString());
    }

    private void text(YText text, ObjectNode step) {
        String units = units(text);
        int at = whole(units, random.nextInt(units.length() + 1));
        int length = whole(units, Math.min(units.length(), at + 2 + random.nextInt(5))) - at;
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> {
                String word = word();
                step.put("op", "insert").put("at", at).put("text", word);
                text.insert(at, word);
            }
            case 3 -> {
                String word = word();
                step.put("op", "insert").put("at", at).put("text", word);
                text.insert(at, word, map(attributes(step)));
            }
            case 4, 5 -> {
                step.put("op", "delete").put("at", at).put("length", length);
                text.delete(at, length);
            }
            case 6, 7 -> {
                step.put("op", "format").put("at", at).put("length", length);
                text.format(at, length, map(attributes(step)));
            }
            case 8 -> {
                step.put("op", "embed").put("at", at).putObject("value").put("image", at);
                text.insertEmbed(at, map(step.get("value")), map(attributes(step)));
            }
            default -> delta(text, at, length, step);
        }
    }

    /** The text, and a character for each embedded value. */
    private static String units(YText text) {
        StringBuilder units = new StringBuilder();
        text.toDelta()
                .forEach(step ->
                        units.append(((Delta.Insert) step).value() instanceof String string ? string : "\ufffc"));
        return units.toString();
    }

    /** An index, or the one before where it would cut a pair. */
    private int whole(String units, int index) {
        boolean cuts = index > 0 && index < units.length() && Character.isLowSurrogate(units.charAt(index));
        return cuts && pairs == Pairs.WHOLE ? index - 1 : index;
    }

    private void delta(YText text, int at, int length, ObjectNode step) {
        step.put("op", "delta");
        ArrayNode delta = step.putArray("delta");
        List<Delta> ours = new ArrayList<>();
        delta.addObject().put("retain", at);
        ours.add(Delta.retain(at));
        String word = word();
        ObjectNode insert = delta.addObject().put("insert", word);
        ours.add(Delta.insert(word, map(attributes(insert))));
        if (random.nextBoolean()) {
            delta.addObject().put("delete", length);
            ours.add(Delta.delete(length));
        } else {
            ObjectNode retain = delta.addObject().put("retain", length);
            ours.add(Delta.retain(length, map(attributes(retain))));
        }
        text.applyDelta(ours);
    }

    private Object create(ObjectNode step, List<String> kinds) {
        String kind = pick(kinds);
        step.put("kind", kind);
        if (kind.equals("doc")) {
            step.put("guid", "doc " + random.nextInt(1000));
        }
        return switch (kind) {
            case "doc" -> new Doc(DocOptions.create().withGuid(step.get("guid").textValue()));
            case "text" -> new YText("new");
            case "array" -> new YArray();
            case "map" -> YMap.of(Map.of("id", 1));
            case "xmlElement" -> new YXmlElement("p");
            default -> new YXmlText("node");
        };
    }

    private Object value(JsonNode[] json) {
        if (random.nextInt(8) == 0) {
            json[0] = JSON.createObjectNode().put("$", "bytes").put("v", "00ff");
            return HexFormat.of().parseHex("00ff");
        }
        String text = pick(VALUES);
        json[0] = Fixtures.json(text);
        return JsonValue.parse(text);
    }

    private void array(YArray array, ObjectNode step) {
        int at = random.nextInt(array.length() + 1);
        int length = Math.min(array.length() - at, 1 + random.nextInt(3));
        switch (random.nextInt(5)) {
            case 0, 1 -> {
                step.put("op", "values").put("at", at);
                ArrayNode values = step.putArray("values");
                List<Object> ours = new ArrayList<>();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    JsonNode[] json = new JsonNode[1];
                    ours.add(value(json));
                    values.add(json[0]);
                }
                array.insert(at, ours);
            }
            case 2 -> {
                step.put("op", "type").put("at", at);
                array.insert(
                        at, List.of(create(step, List.of("text", "array", "map", "xmlElement", "xmlText", "doc"))));
            }
            default -> {
                step.put("op", "delete").put("at", at).put("length", length);
                array.delete(at, length);
            }
        }
    }

    private void map(YMap map, ObjectNode step) {
        String key = pick(KEYS);
        step.put("key", key);
        switch (random.nextInt(4)) {
            case 0 -> {
                step.put("op", "unset");
                map.delete(key);
            }
            case 1 -> {
                step.put("op", "setType");
                map.set(key, create(step, List.of("text", "array", "map", "doc")));
            }
            default -> {
                JsonNode[] json = new JsonNode[1];
                map.set(key, value(json));
                step.put("op", "set").set("value", json[0]);
            }
        }
    }

    private void xml(YXmlFragment xml, ObjectNode step) {
        int at = random.nextInt(xml.length() + 1);
        int length = Math.min(xml.length() - at, 1);
        if (xml instanceof YXmlElement element && random.nextInt(3) == 0) {
            step.put("op", "attribute").put("key", "id").put("value", word());
            element.setAttribute("id", step.get("value").textValue());
        } else if (random.nextInt(3) > 0) {
            step.put("op", "type").put("at", at);
            xml.insert(at, (AbstractType) create(step, List.of("xmlElement", "xmlText")));
        } else {
            step.put("op", "delete").put("at", at).put("length", length);
            xml.delete(at, length);
        }
    }
}
