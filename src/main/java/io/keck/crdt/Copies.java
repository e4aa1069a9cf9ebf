package io.keck.crdt;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Copies of values for a copy of a type: types and documents are copied, the rest is as it is. */
final class Copies {
    /** A copy recurses, and what others put into a document may nest as deep as they like. */
    private static final int MAX_DEPTH = 500;

    private record At(AbstractType type, int depth) {}

    private Copies() {}

    /**
     * Refuses a type in which others nest too deep for a copy.
     *
     * @throws IllegalStateException if they do
     */
    static void checkDepth(AbstractType root) {
        ArrayDeque<At> todo = new ArrayDeque<>(List.of(new At(root, 0)));
        while (!todo.isEmpty()) {
            At at = todo.pop();
            if (at.depth > MAX_DEPTH) {
                throw new IllegalStateException("types nest deeper than " + MAX_DEPTH + ": cannot be copied");
            }
            Lists.forEach(at.type.branch, value -> push(todo, value, at.depth + 1));
            at.type.branch.values().forEach(item -> push(todo, Lists.last(item), at.depth + 1));
        }
    }

    private static void push(ArrayDeque<At> todo, @Nullable Object value, int depth) {
        if (value instanceof AbstractType type) {
            todo.push(new At(type, depth));
        }
    }

    static @Nullable Object of(@Nullable Object value) {
        if (value instanceof AbstractType type) {
            return type.copy();
        }
        if (value instanceof Doc doc) {
            return new Doc(new DocOptions(doc.guid(), doc.gc(), doc.autoLoad(), doc.shouldLoad(), doc.meta()));
        }
        return value;
    }

    static List<@Nullable Object> of(List<@Nullable Object> values) {
        List<@Nullable Object> copies = new ArrayList<>(values.size());
        values.forEach(value -> copies.add(of(value)));
        return copies;
    }
}
