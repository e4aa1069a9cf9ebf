package io.keck.block;

import io.keck.crdt.YMap;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The blocks of one root map {@code space:ID}. Belongs to the thread of its document. */
public final class Space {
    private final @Nullable YMap map;

    Space(@Nullable YMap map) {
        this.map = map;
    }

    /** The block with that id; null if there is none. */
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
        return map == null
                ? Stream.empty()
                : new TreeSet<>(map.keys()).stream().map(this::block).filter(Objects::nonNull);
    }

    /** The entries of each block, by its id. */
    Map<String, @Nullable Object> entries() {
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        blocks().forEach(block -> entries.put(block.id(), block.entries()));
        return Collections.unmodifiableMap(entries);
    }
}
