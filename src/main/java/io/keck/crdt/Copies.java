package io.keck.crdt;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Copies of values for a copy of a type: types and documents are copied, the rest is as it is. */
final class Copies {
    private Copies() {}

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
