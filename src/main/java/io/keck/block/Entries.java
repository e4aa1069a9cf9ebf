package io.keck.block;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A read-only map that creates its entries one at a time while it is iterated. Meant for iteration: a look-up reads
 * from the beginning. Belongs to the thread of its document, which must not be edited meanwhile.
 */
final class Entries extends AbstractMap<String, @Nullable Object> {
    private final Supplier<Iterator<Map.Entry<String, @Nullable Object>>> entries;

    Entries(Supplier<Iterator<Map.Entry<String, @Nullable Object>>> entries) {
        this.entries = entries;
    }

    @Override
    public Set<Map.Entry<String, @Nullable Object>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<Map.Entry<String, @Nullable Object>> iterator() {
                return entries.get();
            }

            @Override
            public int size() {
                int size = 0;
                for (var all = entries.get(); all.hasNext(); all.next()) {
                    size++;
                }
                return size;
            }
        };
    }
}
