package io.keck.api;

import io.keck.crdt.AbstractType;
import io.keck.crdt.YXmlElement;
import io.keck.crdt.YXmlText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes XML nodes of JSON in the form in which {@link RootJson} shows them. Recursion is safe, as the depth of bodies is
 * limited. Stateless.
 */
final class XmlNodes {
    private XmlNodes() {}

    /** Makes new nodes; refuses other shapes with 400. */
    static List<AbstractType> of(List<?> json) {
        List<AbstractType> nodes = new ArrayList<>();
        for (Object each : json) {
            nodes.add(of(each));
        }
        return nodes;
    }

    private static AbstractType of(@Nullable Object json) {
        Map<?, ?> fields = json instanceof Map<?, ?> map ? map : Map.of();
        boolean isKnown = List.of("element", "attributes", "children", "text").containsAll(fields.keySet());
        Map<?, ?> attributes = fields.get("attributes") instanceof Map<?, ?> map ? map : Map.of();
        String name = fields.get("element") instanceof String text ? text : "";
        boolean isNamed = !name.isEmpty();
        boolean hasText = fields.get("text") instanceof String || fields.get("text") instanceof List<?>;
        boolean hasChildren = !fields.containsKey("children") || fields.get("children") instanceof List<?>;
        boolean hasAttributes = !fields.containsKey("attributes") || fields.get("attributes") instanceof Map<?, ?>;
        if (!isKnown || isNamed == hasText || !hasChildren || !hasAttributes) {
            throw Refusal.bad("A node is {\"element\":name} with \"attributes\" and \"children\", or {\"text\":text or"
                    + " delta} with \"attributes\".");
        }
        return hasText ? text(fields, attributes) : element(name, fields, attributes);
    }

    private static AbstractType element(String name, Map<?, ?> fields, Map<?, ?> attributes) {
        YXmlElement element = new YXmlElement(name);
        attributes.forEach((key, value) -> element.setAttribute((String) key, value));
        if (fields.get("children") instanceof List<?> children) {
            element.insert(0, of(children));
        }
        return element;
    }

    private static AbstractType text(Map<?, ?> fields, Map<?, ?> attributes) {
        if (fields.containsKey("children")) {
            throw Refusal.bad("A text has no \"children\".");
        }
        YXmlText text = new YXmlText();
        attributes.forEach((key, value) -> text.setAttribute((String) key, value));
        if (fields.get("text") instanceof String plain) {
            text.insert(0, plain);
        } else {
            text.applyDelta(RootEdit.content(fields.get("text")));
        }
        return text;
    }
}
