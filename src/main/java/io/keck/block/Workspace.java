package io.keck.block;

import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import io.keck.crdt.YMap;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A document seen through Keck's block model. Reading leaves the document as it is: it creates no root and fixes no
 * kind of a root. Times are milliseconds since 1970. Belongs to the thread of its document.
 */
public final class Workspace {
    private static final String SPACE = "space:";
    private static final String BLOCKS = "space:blocks";
    private static final String META = "space:meta";
    private static final String UPDATED = "space:updated";

    private final Doc doc;

    /** Creates the view of a document. */
    public Workspace(Doc doc) {
        this.doc = doc;
    }

    /** The space of blocks that back ends use, {@code space:blocks}. */
    public Space blocks() {
        return new Space(find(BLOCKS));
    }

    /**
     * All root maps of spaces in order of their names, with their blocks, then {@code space:meta} and
     * {@code space:updated}. Values may be types of the document, and views: it must not be edited meanwhile.
     */
    public Map<String, @Nullable Object> entries() {
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        for (String name : new TreeSet<>(doc.rootNames())) {
            if (name.startsWith(SPACE) && !name.equals(META) && !name.equals(UPDATED) && isMap(name)) {
                entries.put(name, new Space(find(name)).entries());
            }
        }
        entries.put(META, entries(META));
        entries.put(UPDATED, entries(UPDATED));
        return Collections.unmodifiableMap(entries);
    }

    private Map<String, @Nullable Object> entries(String root) {
        YMap map = find(root);
        return map == null ? Map.of() : new Entries(map::entries);
    }

    private boolean isMap(String root) {
        Root found = doc.findRoot(root);
        return found != null
                && (found.kind() == Root.Kind.MAP || found.asMap().entries().hasNext());
    }

    /** The keys of a root, whatever else it contains; null if there is no such root. */
    private @Nullable YMap find(String root) {
        Root found = doc.findRoot(root);
        return found == null ? null : found.asMap();
    }

    // ---- edits

    /**
     * Sets properties of a block; creates the block if there is none.
     *
     * @param flavour the flavour of a new block; an existing block keeps its own
     * @param properties keys without their prefix {@code prop:}; a null value removes a property
     */
    public void put(String id, String flavour, Map<String, ? extends @Nullable Object> properties, long now) {
        doc.transact(transaction -> {
            Block block = blocks().block(id);
            boolean changed = block == null;
            if (block == null) {
                YMap map = Block.fresh(flavour, now);
                doc.openRoot(BLOCKS).asMap().set(id, map);
                block = new Block(id, map);
            }
            changed |= block.setProperties(properties);
            if (changed) {
                touch(id, now);
            }
        });
    }

    /** Removes a block and the time of its last change; blocks that have it as a child keep its id. */
    public void delete(String id) {
        doc.transact(transaction -> {
            for (String root : new String[] {BLOCKS, UPDATED}) {
                YMap map = find(root);
                if (map != null) {
                    map.delete(id);
                }
            }
        });
    }

    /**
     * Inserts a block among the children of another: removes it from them first, sets its parent, and inserts it. Does
     * nothing if one of the two does not exist.
     */
    public void insertChild(String parent, Placement placement, long now) {
        Space space = blocks();
        Block block = space.block(parent);
        Block child = space.block(placement.id());
        if (block == null || child == null) {
            return;
        }
        doc.transact(transaction -> {
            block.removeChild(child.id());
            if (child.setParent(parent)) {
                touch(child.id(), now);
            }
            if (placement instanceof Placement.InsertBefore at) {
                block.insertBefore(child.id(), at.before());
            } else if (placement instanceof Placement.InsertAfter at) {
                block.insertAfter(child.id(), at.after());
            } else if (placement instanceof Placement.InsertAt at) {
                block.insertAt(child.id(), at.pos());
            } else {
                block.push(child.id());
            }
            touch(parent, now);
        });
    }

    /** Removes an id from the children of a block; does nothing if it is not among them. */
    public void removeChild(String parent, String child, long now) {
        Block block = blocks().block(parent);
        if (block == null) {
            return;
        }
        doc.transact(transaction -> {
            if (block.removeChild(child)) {
                touch(parent, now);
            }
        });
    }

    private void touch(String id, long now) {
        doc.openRoot(UPDATED).asMap().set(id, now);
    }
}
