package io.keck.crdt;

/**
 * A root of a document as its content shows it. Updates do not say of which kind a root is; who edits a document agreed on
 * that beforehand and asks {@link Doc#getText} or its like. This is for those who did not: it tells the kind from what is
 * there, so it says the same on all replicas, and its views leave the kind under which others ask for the root open.
 *
 * <p>Belongs to the thread of its document.
 */
public final class Root {
    /**
     * What a root looks like. Updates do not carry the kinds of roots, so this is a guess from what is in it.
     */
    public enum Kind {
        /** It has keys and no elements, or had them. */
        MAP,
        /** It has elements that are neither text nor XML nodes; or values beside XML nodes, and no text. */
        ARRAY,
        /** It has text, formats or embedded values, and no XML nodes. */
        TEXT,
        /** It has XML nodes, alone or with text and formats between them: a fragment, an XML text or a type of Yjs 14. */
        XML,
        /** It had elements, and nothing tells what they were: an array, a text or XML. */
        LIST,
        /** Nothing was ever in it. */
        NONE
    }

    private final Branch branch;

    Root(Branch branch) {
        this.branch = branch;
    }

    /** What it looks like; looks through all of it at worst. Elements tell more than keys: texts and XML have both. */
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
     * As {@link #kind}; of a root that was emptied what it looked like before, if this document saw that: what is deleted
     * comes without its content when a document is loaded.
     */
    public Kind lastKind() {
        Kind kind = kind();
        return kind == Kind.LIST ? kind(branch.seenContent()) : kind;
    }

    /** The kinds of what is in its list. */
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
        return content == 0 ? Kind.LIST : Kind.ARRAY; // of types alone, unless they are embedded in a text
    }

    /** Whether it can be read as a text: it is one, or XML with text or XML texts directly in it. */
    public boolean holdsText() {
        int content = content();
        Kind kind = kind(content);
        return kind == Kind.TEXT || (kind == Kind.XML && (content & (Branch.HAS_TEXT | Branch.HAS_XML_TEXTS)) != 0);
    }

    /** Whether it can be read as XML: it has nodes, or formats, which are elements around text. */
    public boolean holdsXml() {
        int content = content();
        Kind kind = kind(content);
        return kind == Kind.XML || (kind == Kind.TEXT && (content & Branch.HAS_FORMATS) != 0);
    }

    /** Whether some key has a value, whatever else is in it. */
    public boolean holdsKeys() {
        return !branch.values().isEmpty();
    }

    /** Its keys, whatever its kind. */
    public YMap asMap() {
        return branch.kind() == Branch.MAP ? (YMap) branch.view() : new YMap(branch);
    }

    /** Its elements, whatever its kind. */
    public YArray asArray() {
        return branch.kind() == Branch.ARRAY ? (YArray) branch.view() : new YArray(branch);
    }

    /** Its text, whatever its kind. */
    public YText asText() {
        return branch.kind() == Branch.TEXT ? (YText) branch.view() : new YText(branch);
    }

    /** Its nodes, whatever its kind. */
    public YXmlFragment asXml() {
        return branch.kind() == Branch.XML_FRAGMENT ? (YXmlFragment) branch.view() : new YXmlFragment(branch);
    }
}
