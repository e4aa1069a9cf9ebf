package io.keck.crdt;

/** A named map in an XML tree, for content that is made elsewhere. Source: Yjs {@code YXmlHook.js}. */
public final class YXmlHook extends YMap {
    /** An empty hook, to be inserted somewhere. */
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
