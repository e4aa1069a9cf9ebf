package io.keck.crdt;

/**
 * A root of a document as its content shows it. Updates do not carry the kind of a root; the applications that edit a
 * document agree on it beforehand and call {@link Doc#getText} or a similar method. This class is for code without such
 * an agreement: it derives the kind from the content, so the answer is the same on all replicas, and its views do not
 * fix the kind under which others request the root.
 *
 * <p>Belongs to the thread of its document.
 */
public final class Root {
    /** The apparent kind of a root. Updates do not carry the kinds of roots, so this is a guess from the content. */
    public enum Kind {
        /** It has, or had, keys and has no elements. */
        MAP,
        /** It has elements that are neither text nor XML nodes; or values next to XML nodes, and no text. */
        ARRAY,
        /** It has text, formats or embedded values, and no XML nodes. */
        TEXT,
        /** It has XML nodes, alone or with text and formats between them: a fragment, an XML text or a type of Yjs 14. */
        XML,
        /** It had elements whose kinds are no longer known: an array, a text or XML. */
        LIST,
        /** It never had any content. */
        NONE
    }

    private final Branch branch;

    Root(Branch branch) {
        this.branch = branch;
    }

    /** The apparent kind; reads the whole list in the worst case. Elements decide before keys: texts and XML have both. */
    public Kind kind() {
        if (branch.start == null) {
            return branch.hasMap() ? Kind.MAP : Kind.NONE;
        }
        int content = content();
        if (content == 0) {
            return branch.values().isEmpty() ? Kind.LIST : Kind.MAP;
        }
        return kind(content);
    }

    /**
     * The apparent kind; for a root that was emptied, the kind that it had before, if this document has seen its
     * content. A document that was loaded since has not, because deleted items are stored without content.
     */
    public Kind lastKind() {
        Kind kind = kind();
        return kind == Kind.LIST ? kind(branch.seenContent()) : kind;
    }

    /** The kinds of content in the list, as a sum of the bits that {@link Branch} defines. */
    private int content() {
        int all = 0;
        for (Item item = branch.start; item != null; item = item.right) {
            if (!item.isDeleted()) {
                all |= Branch.kindOf(item.content());
            }
        }
        return all;
    }

    private static Kind kind(int content) {
        boolean hasText = (content & Branch.HAS_TEXT) != 0;
        if ((content & Branch.HAS_VALUES) != 0 && !hasText) {
            return Kind.ARRAY;
        }
        if ((content & Branch.HAS_NODES) != 0) {
            return Kind.XML;
        }
        if (hasText) {
            return Kind.TEXT;
        }
        return content == 0
                ? Kind.LIST
                : Kind.ARRAY; // types alone: an array, or a text with nothing but embedded types
    }

    /** Whether the root can be read as text: it is a text, or XML with text or XML texts directly in it. */
    public boolean holdsText() {
        int content = content();
        Kind kind = kind(content);
        return kind == Kind.TEXT || (kind == Kind.XML && (content & (Branch.HAS_TEXT | Branch.HAS_XML_TEXTS)) != 0);
    }

    /** Whether the root can be read as XML: it has nodes, or formats, which are elements around text. */
    public boolean holdsXml() {
        int content = content();
        Kind kind = kind(content);
        return kind == Kind.XML || (kind == Kind.TEXT && (content & Branch.HAS_FORMATS) != 0);
    }

    /** Whether any key has a value, whatever the kind of the root. */
    public boolean holdsKeys() {
        return !branch.values().isEmpty();
    }

    /** The keys as a map, whatever the kind of the root. */
    public YMap asMap() {
        return branch.kind() == Branch.MAP ? (YMap) branch.view() : new YMap(branch);
    }

    /** The elements as an array, whatever the kind of the root. */
    public YArray asArray() {
        return branch.kind() == Branch.ARRAY ? (YArray) branch.view() : new YArray(branch);
    }

    /** The text, whatever the kind of the root. */
    public YText asText() {
        return branch.kind() == Branch.TEXT ? (YText) branch.view() : new YText(branch);
    }

    /** The nodes as an XML fragment, whatever the kind of the root. */
    public YXmlFragment asXml() {
        return branch.kind() == Branch.XML_FRAGMENT ? (YXmlFragment) branch.view() : new YXmlFragment(branch);
    }
}
