package io.keck.crdt;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Copies a type with everything in it. The types in it are created empty first and filled one after another, so the
 * copy does not recurse, however deep they nest.
 */
final class Copies {
    private record Todo(AbstractType source, AbstractType copy) {}

    private final ArrayDeque<Todo> todo = new ArrayDeque<>();

    private Copies() {}

    /** Returns a copy of a type, of the same class. */
    @SuppressWarnings("unchecked") // empty() returns a type of the class of its argument
    static <T extends AbstractType> T of(T source) {
        Copies copies = new Copies();
        T copy = (T) copies.value(source);
        while (!copies.todo.isEmpty()) {
            Todo next = copies.todo.pop();
            copies.fill(next.source, next.copy);
        }
        return copy;
    }

    /** The counterpart of a value in the copy. */
    private Object value(Object value) {
        if (value instanceof AbstractType source) {
            AbstractType copy = empty(source);
            todo.push(new Todo(source, copy));
            return copy;
        }
        return value instanceof Doc doc ? new Doc(doc.options()) : value;
    }

    private @Nullable Object valueOrNull(@Nullable Object value) {
        return value == null ? null : value(value);
    }

    private static AbstractType empty(AbstractType source) {
        if (source instanceof YXmlElement element) {
            return new YXmlElement(element.nodeName());
        }
        if (source instanceof YXmlFragment) {
            return new YXmlFragment();
        }
        if (source instanceof YXmlHook hook) {
            return new YXmlHook(hook.hookName());
        }
        if (source instanceof YMap) {
            return new YMap();
        }
        if (source instanceof YXmlText) {
            return new YXmlText();
        }
        return source instanceof YText ? new YText() : new YArray();
    }

    private void fill(AbstractType source, AbstractType copy) {
        Map<String, @Nullable Object> attributes = Attributes.of(source.branch);
        if (copy instanceof YText text) {
            text.applyDelta(delta(((YText) source).toDelta()));
            attributes.forEach((key, value) -> text.setAttribute(key, valueOrNull(value)));
        } else if (copy instanceof YMap map) {
            attributes.forEach((key, value) -> map.set(key, valueOrNull(value)));
        } else if (copy instanceof YArray array) {
            List<@Nullable Object> values = new ArrayList<>();
            Lists.forEach(source.branch, value -> values.add(valueOrNull(value)));
            array.insert(0, values);
        } else if (copy instanceof YXmlFragment xml) {
            if (xml instanceof YXmlElement element) {
                attributes.forEach((key, value) -> element.setAttribute(key, valueOrNull(value)));
            }
            List<AbstractType> nodes = new ArrayList<>();
            ((YXmlFragment) source).children().forEach(node -> nodes.add((AbstractType) value(node)));
            xml.insert(0, nodes);
        }
    }

    private List<Delta> delta(List<Delta> source) {
        List<Delta> copy = new ArrayList<>(source.size());
        for (Delta each : source) {
            Delta.Insert insert = (Delta.Insert) each;
            copy.add(new Delta.Insert(valueOrNull(insert.value()), insert.attributes()));
        }
        return copy;
    }
}
