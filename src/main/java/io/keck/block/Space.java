package io.keck.block;

import io.keck.crdt.YMap;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The blocks of one root map {@code space:ID}. Belongs to the thread of its document. */
public final class Space {
    private final @Nullable YMap map;

    Space(@Nullable YMap map) {
        this.map = map;
    }

    /** Returns the block with an id; null if there is none. */
    public @Nullable Block block(String id) {
        return map != null && map.get(id) instanceof YMap block ? new Block(id, block) : null;
    }

    /** All blocks in order of their ids, which is the same on all replicas. */
    public List<Block> blocks() {
        return stream().toList();
    }

    /** The blocks of one flavour, in order of their ids. */
    public List<Block> blocks(String flavour) {
        return stream().filter(block -> flavour.equals(block.flavour())).toList();
    }

    private Stream<Block> stream() {
        return ids().map(this::block).filter(Objects::nonNull);
    }

    /** The keys in order. */
    private Stream<String> ids() {
        if (map == null) {
            return Stream.empty();
        }
        List<String> ids = new ArrayList<>();
        map.entries().forEachRemaining(entry -> ids.add(entry.getKey()));
        Collections.sort(ids);
        return ids.stream();
    }

    /** The entries of each block, by its id. A view, as {@link Block#entries}. */
    Map<String, @Nullable Object> entries() {
        return new Entries(() -> {
            Iterator<Block> blocks = stream().iterator();
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return blocks.hasNext();
                }

                @Override
                public Map.Entry<String, @Nullable Object> next() {
                    Block block = blocks.next();
                    return new AbstractMap.SimpleImmutableEntry<>(block.id(), block.entries());
                }
            };
        });
    }
}
