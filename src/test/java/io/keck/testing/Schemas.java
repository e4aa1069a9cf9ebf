package io.keck.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Holds JSON against the schemas of an OpenAPI document; knows what Keck's uses, and throws at any keyword beyond. */
public final class Schemas {
    private static final List<String> KNOWN = List.of(
            "$ref",
            "type",
            "description",
            "required",
            "properties",
            "additionalProperties",
            "items",
            "enum",
            "oneOf",
            "minimum",
            "nullable",
            "minLength",
            "maxLength",
            "minProperties",
            "maxProperties",
            "default",
            "format",
            "pattern");

    private final JsonNode document;

    /** @param document an OpenAPI document */
    public Schemas(JsonNode document) {
        this.document = document;
    }

    /** What a reference points at, or the node itself. */
    public JsonNode resolve(JsonNode node) {
        if (!node.has("$ref")) {
            return node;
        }
        JsonNode target = document.at(node.get("$ref").asText().substring(1));
        if (target.isMissingNode()) {
            throw new AssertionError("nothing at " + node.get("$ref"));
        }
        return target;
    }

    /** What is wrong with a value; empty when nothing is. */
    public List<String> problems(JsonNode value, JsonNode schema) {
        List<String> problems = new ArrayList<>();
        check(value, resolve(schema), "$", problems);
        return problems;
    }

    private void check(JsonNode value, JsonNode schema, String at, List<String> problems) {
        schema.fieldNames().forEachRemaining(keyword -> {
            if (!KNOWN.contains(keyword)) {
                throw new AssertionError("a keyword this does not know: " + keyword);
            }
        });
        if (value.isNull() && schema.path("nullable").asBoolean()) {
            return;
        }
        if (schema.has("oneOf")) {
            long matching = 0;
            for (JsonNode each : schema.get("oneOf")) {
                matching += problems(value, each).isEmpty() ? 1 : 0;
            }
            if (matching != 1) {
                problems.add(at + " matches " + matching + " of oneOf");
            }
        }
        if (schema.has("type") && !isOf(value, schema.get("type").asText())) {
            problems.add(at + " is not a " + schema.get("type").asText() + ": " + value);
            return;
        }
        if (schema.has("enum") && !contains(schema.get("enum"), value)) {
            problems.add(at + " is none of " + schema.get("enum") + ": " + value);
        }
        if (schema.has("minimum") && value.asDouble() < schema.get("minimum").asDouble()) {
            problems.add(at + " is too small: " + value);
        }
        if (value.isObject()) {
            object(value, schema, at, problems);
        }
        if (value.isArray() && schema.has("items")) {
            for (int i = 0; i < value.size(); i++) {
                check(value.get(i), resolve(schema.get("items")), at + "[" + i + "]", problems);
            }
        }
    }

    private void object(JsonNode value, JsonNode schema, String at, List<String> problems) {
        schema.path("required").forEach(name -> {
            if (!value.has(name.asText())) {
                problems.add(at + " lacks " + name);
            }
        });
        if (value.size() < schema.path("minProperties").asInt(0)
                || value.size() > schema.path("maxProperties").asInt(Integer.MAX_VALUE)) {
            problems.add(at + " has " + value.size() + " properties");
        }
        value.fields().forEachRemaining(member -> {
            JsonNode of = schema.path("properties").path(member.getKey());
            JsonNode other = schema.path("additionalProperties");
            if (!of.isMissingNode()) {
                check(member.getValue(), resolve(of), at + "." + member.getKey(), problems);
            } else if (other.isObject()) {
                check(member.getValue(), resolve(other), at + "." + member.getKey(), problems);
            } else if (other.isBoolean() && !other.asBoolean()) {
                problems.add(at + " has " + member.getKey());
            }
        });
    }

    private static boolean contains(JsonNode values, JsonNode value) {
        for (JsonNode each : values) {
            if (each.equals(value)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOf(JsonNode value, String type) {
        return switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            case "boolean" -> value.isBoolean();
            default -> throw new AssertionError("a type this does not know: " + type);
        };
    }
}
