package io.keck.crdt;

/**
 * A root of a document as its content shows it. Updates do not say of which kind a root is; who edits a document agreed on
 * that beforehand and asks {@link Doc#getText} or its like. This is for those who did not: it tells the kind from what is
 * there, so it says the same on all replicas, and its views leave the kind under which others ask for the root open.
 *
 * <p>Belongs to the thread of its document.
 */
public final class Root {
    /** What a root looks like. */
    public enum Kind {
        /** It has keys and no elements, or had them. */
        MAP,
        /** It has elements that are neither text nor XML. */
        ARRAY,
        /** It has text, formats or embedded values. */
        TEXT,
        /** It has XML nodes. */
        XML,
        /** It had elements, and nobody can tell what they were: an array, a text or XML. */
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
        Kind kind = Kind.LIST;
        for (Item item = branch.start; item != null; item = item.right) {
            if (item.isDeleted()) {
                continue;
            }
            ItemContent content = item.content();
            if (content instanceof ContentString
                    || content instanceof ContentFormat
                    || content instanceof ContentEmbed) {
                return Kind.TEXT;
            }
            if (!(content instanceof ContentType type)) {
                return Kind.ARRAY;
            }
            if (type.branch.kind() >= Branch.XML_ELEMENT) {
                return Kind.XML;
            }
            kind = Kind.ARRAY; // unless it is embedded in a text
        }
        return kind == Kind.LIST && !branch.values().isEmpty() ? Kind.MAP : kind;
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
