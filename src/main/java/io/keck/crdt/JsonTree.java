package io.keck.crdt;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Converts types to plain values. Does not recurse, however deep types nest. */
final class JsonTree {
    /** A container that is being filled. */
    private static final class Level {
        final Iterator<? extends @Nullable Object> elements;
        final @Nullable Map<String, @Nullable Object> map;
        final List<@Nullable Object> list = new ArrayList<>();
        String key = "";

        Level(AbstractType type) {
            this.map = type instanceof YMap ? new LinkedHashMap<>() : null;
            this.elements = type instanceof YMap m
                    ? m.toMap().entrySet().iterator()
                    : Lists.toList(type.branch).iterator();
        }

        @Nullable
        Object next() {
            Object next = elements.next();
            if (next instanceof Map.Entry<?, ?> entry && map != null) {
                key = (String) entry.getKey();
                return entry.getValue();
            }
            return next;
        }

        void add(@Nullable Object value) {
            if (map != null) {
                map.put(key, value);
            } else {
                list.add(value);
            }
        }

        Object value() {
            return map != null ? Collections.unmodifiableMap(map) : Collections.unmodifiableList(list);
        }
    }

    private JsonTree() {}

    static @Nullable Object of(AbstractType root) {
        ArrayDeque<Level> open = new ArrayDeque<>();
        Object next = root;
        while (true) {
            if (next instanceof YMap || next instanceof YArray) {
                open.push(new Level((AbstractType) next));
            } else {
                Object plain = next instanceof AbstractType type ? type.toString() : next;
                Level top = open.peek();
                if (top == null) {
                    return plain;
                }
                top.add(plain);
            }
            while (!open.element().elements.hasNext()) {
                Object full = open.pop().value();
                Level top = open.peek();
                if (top == null) {
                    return full;
                }
                top.add(full);
            }
            next = open.element().next();
        }
    }
}
