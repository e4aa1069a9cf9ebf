package io.keck.api;

import io.keck.crdt.Doc;
import io.keck.crdt.Root;
import io.keck.crdt.Root.Kind;
import jakarta.ws.rs.core.Response.Status;
import org.jspecify.annotations.Nullable;

/** Root types by name and kind. Stateless. */
enum NamedTypes {
    MAP("Map", Kind.MAP),
    ARRAY("Array", Kind.ARRAY),
    TEXT("Text", Kind.TEXT),
    XML("Xml", Kind.XML);

    private final String word;
    private final Kind kind;

    NamedTypes(String word, Kind kind) {
        this.word = word;
        this.kind = kind;
    }

    /**
     * Returns a root by name; null if it has no content. Refuses a root of another kind with 404. Some roots can be
     * read as several kinds: text as XML with its formats as elements, XML texts as text, keys beside a list as a map.
     */
    @Nullable
    Root find(Doc doc, String name) {
        Root root = doc.findRoot(name);
        if (root == null) {
            return null;
        }
        Kind found = root.kind();
        if (found == Kind.NONE) {
            return null;
        }
        boolean fits = switch (this) {
            case MAP -> root.holdsKeys();
            case TEXT -> root.holdsText();
            case XML -> root.holdsXml();
            case ARRAY -> false;
        };
        if (fits || found == kind || (found == Kind.LIST && this != MAP)) {
            return root;
        }
        throw new Refusal(Reply.notFound(word, name));
    }

    /** Returns a root by name for editing. */
    Root open(Doc doc, String name) {
        Root root = find(doc, name);
        return root == null ? doc.openRoot(name) : root;
    }

    /** The refusal for an index out of bounds. */
    Refusal outOfBounds(Status status, long index, String name) {
        return new Refusal(
                status,
                "Index(" + index + ") out of bounds for " + word.toLowerCase(java.util.Locale.ROOT) + "("
                        + Parameters.quoted(name) + ")");
    }
}
