package io.keck.api;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The body of an edit by action, {@code {"action":"insert","index":0,"value":1}}; refuses other shapes with 400. */
final class ActionBody {
    private final Map<?, ?> fields;
    private final String action;

    /** @param actions the valid actions, as listed in the error for a missing action */
    ActionBody(@Nullable Object body, String actions) {
        fields = body instanceof Map<?, ?> map ? map : Map.of();
        if (!(fields.get("action") instanceof String name)) {
            throw Refusal.bad("Missing \"action\" field (" + actions + ")");
        }
        action = name;
    }

    String action() {
        return action;
    }

    Refusal unknownAction() {
        return Refusal.bad("Unknown action: " + action);
    }

    @Nullable
    Object value() {
        if (!fields.containsKey("value")) {
            throw Refusal.bad("Missing \"value\" field");
        }
        return fields.get("value");
    }

    String text() {
        if (value() instanceof String text) {
            return text;
        }
        throw Refusal.bad("The \"value\" field has to be a string");
    }

    /** A whole number of 0 or more. */
    long number(String field) {
        require(field);
        Long number = Parameters.wholeNumber(fields.get(field));
        if (number == null) {
            throw Refusal.bad("The \"" + field + "\" field has to be a whole number of 0 or more");
        }
        return number;
    }

    /** The attributes; null if they are left out and not required. */
    @Nullable
    Map<String, @Nullable Object> attributes(boolean required) {
        if (!required && !fields.containsKey("attributes")) {
            return null;
        }
        require("attributes");
        if (!(fields.get("attributes") instanceof Map<?, ?> map)) {
            throw Refusal.bad("The \"attributes\" field has to be an object");
        }
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        map.forEach((key, value) -> attributes.put((String) key, value));
        return attributes;
    }

    private void require(String field) {
        if (!fields.containsKey(field)) {
            throw Refusal.bad("Missing \"" + field + "\" field for " + action + " action");
        }
    }
}
