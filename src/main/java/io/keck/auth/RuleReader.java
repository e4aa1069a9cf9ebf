package io.keck.auth;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.access.Attributes;
import io.keck.access.Right;
import io.keck.access.Role;
import io.keck.access.Rule;
import io.keck.access.Rules;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads rules in the form that tokens, the file of API keys and the operator's back end use:
 * {@code [{"match":"team-1/*","role":"write"},{"match":"board","rights":["read","delete"]}]}. An unknown word is an error, so
 * that a misspelt rule never gives more or less than its author meant. Stateless.
 */
final class RuleReader {
    private RuleReader() {}

    /**
     * Reads an array of rules.
     *
     * @throws IllegalArgumentException if a rule is malformed; the message shows nothing of the rules
     */
    static Rules rules(JsonNode documents) {
        if (!documents.isArray()) {
            throw new IllegalArgumentException("documents is not an array.");
        }
        if (documents.size() > Rules.MAX) {
            throw new IllegalArgumentException("There are more than " + Rules.MAX + " rules.");
        }
        List<Rule> rules = new ArrayList<>();
        for (JsonNode rule : documents) {
            String match = rule.isObject() ? StrictJson.text(rule, "match") : null;
            if (match == null) {
                throw new IllegalArgumentException("A rule has no match.");
            }
            rules.add(new Rule(match, rights(rule)));
        }
        return new Rules(rules);
    }

    /** The rights of an object with {@code role}, {@code rights} or both. */
    static Set<Right> rights(JsonNode object) {
        String role = StrictJson.text(object, "role");
        JsonNode named = object.get("rights");
        if (role == null && named == null) {
            throw new IllegalArgumentException("A rule has neither a role nor rights.");
        }
        Set<Right> rights = EnumSet.noneOf(Right.class);
        if (role != null) {
            rights.addAll(role(role).rights());
        }
        if (named != null) {
            if (!named.isArray()) {
                throw new IllegalArgumentException("rights is not an array.");
            }
            for (JsonNode right : named) {
                rights.add(Right.named(right.isTextual() ? right.textValue() : "")
                        .orElseThrow(() -> new IllegalArgumentException("rights has an unknown right.")));
            }
        }
        return rights;
    }

    /**
     * Returns the role with that name.
     *
     * @throws IllegalArgumentException if there is no such role
     */
    static Role role(String text) {
        return Role.named(text)
                .orElseThrow(() -> new IllegalArgumentException(
                        "The role is unknown: it must be read, comment, suggest, write or admin."));
    }

    /** Reads an object whose members are all strings. */
    static Map<String, String> attributes(@Nullable JsonNode object) {
        if (object == null || object.isNull()) {
            return Map.of();
        }
        if (!object.isObject()) {
            throw new IllegalArgumentException("attributes is not an object.");
        }
        Map<String, String> attributes = new HashMap<>();
        for (Map.Entry<String, JsonNode> pair : object.properties()) {
            if (!pair.getValue().isTextual()) {
                throw new IllegalArgumentException("An attribute is not a string.");
            }
            attributes.put(pair.getKey(), pair.getValue().textValue());
        }
        return Attributes.checked(attributes);
    }
}
