package io.keck.api;

import io.keck.crdt.AbstractType;
import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import io.keck.crdt.YMap;
import io.keck.crdt.YXmlElement;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds blocks: those of OctoBase's model by their id, and XML elements by their attribute {@code id}, which BlockNote and
 * other editors give them. Stateless.
 */
final class BlockFinder {
    private static final String SPACE = "space:";
    private static final String ID = "id";

    private BlockFinder() {}

    /** Returns the first block with this id, in the order of root names and of nodes; null if there is none. */
    static @Nullable AbstractType find(Doc doc, String id) {
        TreeSet<String> names = new TreeSet<>(doc.rootNames());
        for (String name : names) {
            Root root = doc.findRoot(name);
            if (root != null && name.startsWith(SPACE) && root.asMap().get(id) instanceof YMap block) {
                return block;
            }
        }
        for (String name : names) {
            Root root = doc.findRoot(name);
            if (root != null && root.holdsXml()) {
                for (AbstractType node : root.asXml().descendants()) {
                    if (node instanceof YXmlElement element && id.equals(element.getAttribute(ID))) {
                        return element;
                    }
                }
            }
        }
        return null;
    }
}
