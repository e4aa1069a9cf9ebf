package io.keck.crdt;

import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Text in an XML tree; formats are printed as elements around the text. Source: Yjs {@code YXmlText.js}. */
public final class YXmlText extends YText {
    /** Creates an empty text, to be inserted into another type. */
    public YXmlText() {
        super(Branch.XML_TEXT);
    }

    /** Creates a text, to be inserted into another type. */
    public YXmlText(String text) {
        this();
        insert(0, text);
    }

    YXmlText(Branch branch) {
        super(branch);
    }

    /** The node after this one in its parent, or null. */
    public @Nullable AbstractType nextSibling() {
        return branch.item == null ? null : YXmlFragment.sibling(branch.item.next());
    }

    /** The node before this one in its parent, or null. */
    public @Nullable AbstractType previousSibling() {
        return branch.item == null ? null : YXmlFragment.sibling(branch.item.previous());
    }

    /** The text with each format as an element around it; nothing is escaped, as in Yjs. */
    @Override
    public String toString() {
        return XmlText.of(this);
    }

    @Override
    public Iterator<String> pieces() {
        return XmlText.pieces(this);
    }

    @Override
    public YXmlText copy() {
        return Copies.of(this);
    }
}
