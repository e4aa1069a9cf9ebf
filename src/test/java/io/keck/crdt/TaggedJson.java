package io.keck.crdt;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.JsonValue;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Values and types in the tagged JSON of the fixtures, as text with sorted keys, so that texts can be compared. The
 * README of the fixtures defines it.
 */
public final class TaggedJson {
    private TaggedJson() {}

    /** A recorded tree, as text. */
    public static String print(JsonNode node) {
        return JsonValue.write(plain(node));
    }

    private static Object plain(JsonNode node) {
        if (node.isObject()) {
            Map<String, Object> map = new TreeMap<>();
            node.properties().forEach(e -> map.put(e.getKey(), plain(e.getValue())));
            return map;
        }
        if (node.isArray()) {
            List<Object> list = new ArrayList<>();
            node.forEach(element -> list.add(plain(element)));
            return list;
        }
        if (node.isNumber()) {
            return node.doubleValue();
        }
        return node.isTextual() ? node.textValue() : node.isBoolean() ? node.booleanValue() : null;
    }

    /** A value, as text. */
    public static String print(Object value) {
        return JsonValue.write(tagged(value));
    }

    public static Object tagged(Object value) {
        if (value == Any.UNDEFINED) {
            return Map.of("$", "undefined");
        }
        if (value instanceof BigInteger big) {
            return tag("bigint", big.toString());
        }
        if (value instanceof byte[] bytes) {
            return tag("bytes", HexFormat.of().formatHex(bytes));
        }
        if (value instanceof Double number) {
            if (number.isNaN() || number.isInfinite()) {
                return tag("float", number.toString());
            }
            return number == 0 && 1 / number < 0 ? tag("float", "-0") : number;
        }
        if (value instanceof List<?> list) {
            List<Object> out = new ArrayList<>();
            list.forEach(element -> out.add(tagged(element)));
            return out;
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> out = new TreeMap<>();
            map.forEach((key, element) -> out.put((String) key, tagged(element)));
            if (!out.containsKey("$")) {
                return out;
            }
            List<Object> pairs = new ArrayList<>();
            out.forEach((key, element) -> {
                List<Object> pair = new ArrayList<>();
                pair.add(key);
                pair.add(element);
                pairs.add(pair);
            });
            return tag("object", pairs);
        }
        if (value instanceof AbstractType type) {
            return tree(type);
        }
        if (value instanceof Doc doc) {
            Map<String, Object> subdoc = tag("subdoc", null);
            subdoc.remove("v");
            subdoc.put("guid", doc.guid());
            subdoc.put("opts", tagged(doc.options().encode()));
            return subdoc;
        }
        return value;
    }

    private static Map<String, Object> tag(String tag, Object value) {
        Map<String, Object> map = new TreeMap<>();
        map.put("$", tag);
        map.put("v", value);
        return map;
    }

    /** The typed tree of a type. */
    private static Object tree(AbstractType type) {
        Map<String, Object> out = new TreeMap<>();
        if (type instanceof YXmlText text) {
            out.put("$", "xmlText");
            out.put("delta", delta(text.toDelta()));
            out.put("attrs", plainKeys(text.getAttributes()));
        } else if (type instanceof YText text) {
            out.put("$", "text");
            out.put("delta", delta(text.toDelta()));
        } else if (type instanceof YArray array) {
            out.put("$", "array");
            out.put("v", tagged(array.toList()));
        } else if (type instanceof YXmlHook hook) {
            out.put("$", "xmlHook");
            out.put("name", hook.hookName());
            out.put("v", plainKeys(hook.toMap()));
        } else if (type instanceof YMap map) {
            out.put("$", "map");
            out.put("v", plainKeys(map.toMap()));
        } else if (type instanceof YXmlElement element) {
            out.put("$", "xmlElement");
            out.put("name", element.nodeName());
            out.put("attrs", plainKeys(element.getAttributes()));
            out.put("children", tagged(Lists.toList(element.branch)));
        } else {
            out.put("$", "xmlFragment");
            out.put("children", tagged(Lists.toList(type.branch)));
        }
        return out;
    }

    private static Map<String, Object> plainKeys(Map<String, Object> map) {
        Map<String, Object> out = new TreeMap<>();
        map.forEach((key, value) -> out.put(key, tagged(value)));
        return out;
    }

    private static List<Object> delta(List<Delta> steps) {
        List<Object> out = new ArrayList<>();
        for (Delta step : steps) {
            Delta.Insert insert = (Delta.Insert) step;
            Map<String, Object> op = new TreeMap<>();
            op.put("insert", tagged(insert.value()));
            if (!insert.attributes().isEmpty()) {
                op.put("attributes", plainKeys(insert.attributes()));
            }
            out.add(op);
        }
        return out;
    }

    /** A delta as recorded ones are, as text. */
    public static String print(List<Delta> steps) {
        return JsonValue.write(delta(steps));
    }

    /** The typed trees of these roots, as text. */
    public static String deep(Doc doc, JsonNode roots) {
        Map<String, Object> out = new TreeMap<>();
        roots.properties()
                .forEach(e -> out.put(
                        e.getKey(), tree(root(doc, e.getKey(), e.getValue().textValue()))));
        return JsonValue.write(out);
    }

    /** What toJson says of these roots, as text. */
    public static String json(Doc doc, JsonNode roots) {
        Map<String, Object> out = new LinkedHashMap<>();
        roots.properties()
                .forEach(e -> out.put(
                        e.getKey(),
                        root(doc, e.getKey(), e.getValue().textValue()).toJson()));
        return JsonValue.write(plainKeys(out));
    }

    public static AbstractType root(Doc doc, String name, String kind) {
        return switch (kind) {
            case "text" -> doc.getText(name);
            case "array" -> doc.getArray(name);
            case "map" -> doc.getMap(name);
            case "xmlFragment" -> doc.getXmlFragment(name);
            case "xmlElement" -> doc.getXmlElement(name);
            case "xmlText" -> doc.getXmlText(name);
            default -> throw new IllegalArgumentException(kind);
        };
    }
}
