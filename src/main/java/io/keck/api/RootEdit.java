package io.keck.api;

import io.keck.crdt.AbstractType;
import io.keck.crdt.Delta;
import io.keck.crdt.Doc;
import io.keck.crdt.YArray;
import io.keck.crdt.YMap;
import io.keck.crdt.YText;
import io.keck.crdt.YXmlElement;
import io.keck.crdt.YXmlFragment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An edit of a root or of a type in it, from the body of a request. Refuses a body of another shape, and an edit that
 * does not fit the document, with 400; nothing is changed then.
 *
 * @param type the type of the root
 * @param path from the root to the type that is edited: keys of maps, indexes of arrays and of children
 * @param delta the steps of a change of a text, an array or children; null for none
 * @param set keys or attributes to set
 * @param delete keys or attributes to delete
 */
record RootEdit(
        NamedTypes type,
        List<Object> path,
        @Nullable List<Step> delta,
        Map<String, @Nullable Object> set,
        List<String> delete) {
    /** One step of a delta: a length that is kept or deleted, or content that is inserted. */
    private record Step(
            int retain,
            int delete,
            @Nullable Object insert,
            @Nullable Map<String, @Nullable Object> attributes) {}

    private static final String SHAPE = "A body has \"type\", and \"delta\", \"set\" or \"delete\"";

    /** Parses the body of a request. */
    static RootEdit of(@Nullable Object body) {
        if (!(body instanceof Map<?, ?> fields) || !(fields.get("type") instanceof String type)) {
            throw Refusal.bad(SHAPE + ".");
        }
        for (Object field : fields.keySet()) {
            if (!List.of("type", "path", "delta", "set", "delete").contains(field)) {
                throw Refusal.bad(SHAPE + ", and may have \"path\"; it has no other fields.");
            }
        }
        if (!fields.containsKey("delta") && !fields.containsKey("set") && !fields.containsKey("delete")) {
            throw Refusal.bad(SHAPE + ".");
        }
        return new RootEdit(
                RootJson.type(type),
                path(fields.get("path")),
                fields.containsKey("delta") ? steps(fields.get("delta")) : null,
                object("set", fields.get("set")),
                keys(fields.get("delete")));
    }

    private static List<Object> path(@Nullable Object path) {
        List<Object> steps = new ArrayList<>();
        for (Object step : list("path", path)) {
            Long index = Parameters.wholeNumber(step);
            if (index == null && !(step instanceof String)) {
                throw Refusal.bad("\"path\" is a list of keys and indexes.");
            }
            steps.add(index == null ? step : index);
        }
        return steps;
    }

    private static List<?> list(String field, @Nullable Object value) {
        if (value == null) {
            return List.of();
        }
        if (value instanceof List<?> list) {
            return list;
        }
        throw Refusal.bad("\"" + field + "\" has to be a list.");
    }

    private static Map<String, @Nullable Object> object(String field, @Nullable Object value) {
        if (value != null && !(value instanceof Map<?, ?>)) {
            throw Refusal.bad("\"" + field + "\" has to be an object.");
        }
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, each) -> object.put((String) key, each));
        }
        return object;
    }

    private static List<String> keys(@Nullable Object value) {
        List<String> keys = new ArrayList<>();
        for (Object key : list("delete", value)) {
            if (!(key instanceof String name)) {
                throw Refusal.bad("\"delete\" is a list of keys.");
            }
            keys.add(name);
        }
        return keys;
    }

    private static List<Step> steps(@Nullable Object delta) {
        List<Step> steps = new ArrayList<>();
        for (Object each : list("delta", delta)) {
            steps.add(step(each));
        }
        return steps;
    }

    private static Step step(@Nullable Object each) {
        Map<?, ?> step = each instanceof Map<?, ?> map ? map : Map.of();
        int kinds = 0;
        for (Object field : step.keySet()) {
            boolean isKind = List.of("retain", "delete", "insert").contains(field);
            kinds += isKind ? 1 : 0;
            if (!isKind && !field.equals("attributes")) {
                kinds = 0;
                break;
            }
        }
        if (kinds != 1 || (step.containsKey("delete") && step.containsKey("attributes"))) {
            throw Refusal.bad(
                    "A step of a delta is {\"retain\":n}, {\"insert\":content} or {\"delete\":n}; the first two"
                            + " may have \"attributes\".");
        }
        Map<String, @Nullable Object> attributes =
                step.containsKey("attributes") ? object("attributes", step.get("attributes")) : null;
        if (step.containsKey("insert")) {
            if (step.get("insert") == null) {
                throw Refusal.bad("\"insert\" has to have content.");
            }
            return new Step(0, 0, step.get("insert"), attributes);
        }
        boolean isRetain = step.containsKey("retain");
        Long length = Parameters.wholeNumber(step.get(isRetain ? "retain" : "delete"));
        if (length == null || length == 0 || length > Integer.MAX_VALUE) {
            throw Refusal.bad("\"retain\" and \"delete\" have to be whole numbers of 1 or more.");
        }
        int n = length.intValue();
        return new Step(isRetain ? n : 0, isRetain ? 0 : n, null, attributes);
    }

    /** Applies the edit, within a transaction of the document. */
    void apply(Doc doc, String name) {
        type.find(doc, name); // refuses a root of another kind
        AbstractType target = root(doc, name);
        for (Object step : path) {
            target = below(target, step);
        }
        if (target instanceof YText text) {
            text(text);
        } else if (target instanceof YMap map) {
            withoutDelta();
            set.forEach(map::set);
            delete.forEach(map::delete);
        } else if (target instanceof YArray array) {
            withoutKeys();
            array(array);
        } else if (target instanceof YXmlElement element) {
            set.forEach(element::setAttribute);
            delete.forEach(element::removeAttribute);
            children(element);
        } else if (target instanceof YXmlFragment fragment) {
            withoutKeys();
            children(fragment);
        }
    }

    private AbstractType root(Doc doc, String name) {
        return switch (type) {
            case TEXT -> type.open(doc, name).asText();
            case MAP -> type.open(doc, name).asMap();
            case ARRAY -> type.open(doc, name).asArray();
            case XML -> type.open(doc, name).asXml();
        };
    }

    private static AbstractType below(AbstractType parent, Object step) {
        Object found = null;
        if (parent instanceof YMap map && step instanceof String key) {
            found = map.get(key);
        } else if (step instanceof Long index) {
            if (parent instanceof YArray array && index < array.length()) {
                found = array.get(index.intValue());
            } else if (parent instanceof YXmlFragment xml && index < xml.length()) {
                found = xml.get(index.intValue());
            }
        }
        if (found instanceof AbstractType type) {
            return type;
        }
        throw Refusal.bad("\"path\" leads to no shared type.");
    }

    private void withoutDelta() {
        if (delta != null) {
            throw Refusal.bad("A map is edited with \"set\" and \"delete\".");
        }
    }

    private void withoutKeys() {
        if (!set.isEmpty() || !delete.isEmpty()) {
            throw Refusal.bad("This type has no keys: it is edited with \"delta\".");
        }
    }

    private List<Step> steps() {
        return delta == null ? List.of() : delta;
    }

    private void text(YText text) {
        set.forEach(text::setAttribute);
        delete.forEach(text::removeAttribute);
        if (!steps().isEmpty()) {
            text.applyDelta(deltas(steps(), TextAction.units(text)));
        }
    }

    /** Checks that the steps stay within the text and cut no character in two. */
    private static List<Delta> deltas(List<Step> steps, String units) {
        List<Delta> deltas = new ArrayList<>();
        long at = 0;
        for (Step step : steps) {
            Map<String, @Nullable Object> attributes = step.attributes == null ? Map.of() : step.attributes;
            if (step.insert != null) {
                if (TextAction.isWithinPair(units, (int) at)) {
                    throw Refusal.bad("The delta cuts a character in two, at index " + at + ".");
                }
                deltas.add(Delta.insert(step.insert, attributes));
                continue;
            }
            at += step.retain + step.delete;
            if (at > units.length()) {
                throw Refusal.bad("The delta goes beyond the end of the text, which has " + units.length() + ".");
            }
            if (TextAction.isWithinPair(units, (int) at)) {
                throw Refusal.bad("The delta cuts a character in two, at index " + at + ".");
            }
            deltas.add(step.delete > 0 ? Delta.delete(step.delete) : Delta.retain(step.retain, attributes));
        }
        return deltas;
    }

    private void array(YArray array) {
        int at = 0;
        for (Step step : steps()) {
            at = moved(step, at, array.length());
            if (step.insert != null) {
                List<?> values = inserted(step, "a list of values");
                array.insert(at, values);
                at += values.size();
            } else if (step.delete > 0) {
                array.delete(at, step.delete);
            }
        }
    }

    private void children(YXmlFragment parent) {
        int at = 0;
        for (Step step : steps()) {
            at = moved(step, at, parent.length());
            if (step.insert != null) {
                List<AbstractType> nodes = XmlNodes.of(inserted(step, "a list of nodes"));
                parent.insert(at, nodes);
                at += nodes.size();
            } else if (step.delete > 0) {
                parent.delete(at, step.delete);
            }
        }
    }

    private static List<?> inserted(Step step, String what) {
        if (step.insert instanceof List<?> list) {
            return list;
        }
        throw Refusal.bad("\"insert\" has to be " + what + " here.");
    }

    /** The index after the content that a step retains. */
    private static int moved(Step step, int at, int length) {
        if (step.attributes != null) {
            throw Refusal.bad("Only texts have \"attributes\" in a delta.");
        }
        if ((long) at + step.retain + step.delete > length) {
            throw Refusal.bad("The delta goes beyond the end of the list, which has " + length + ".");
        }
        return at + step.retain;
    }

    /** The steps of a new text. */
    static List<Delta> content(@Nullable Object delta) {
        return deltas(steps(delta), "");
    }
}
