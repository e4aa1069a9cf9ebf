package io.keck.crdt;

/** A named map in an XML tree, for content that is rendered elsewhere. Source: Yjs {@code YXmlHook.js}. */
public final class YXmlHook extends YMap {
    /** Creates an empty hook, to be inserted into another type. */
    public YXmlHook(String hookName) {
        super(Branch.XML_HOOK, Values.wellFormed(hookName));
    }

    YXmlHook(Branch branch) {
        super(branch);
    }

    /** The name of the hook. */
    public String hookName() {
        return branch.name();
    }

    @Override
    public YXmlHook copy() {
        return Copies.of(this);
    }
}
