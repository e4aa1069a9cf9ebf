package io.keck.crdt;

import java.util.Collections;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An XML element: a name, attributes, children. Source: Yjs {@code YXmlElement.js}. */
public final class YXmlElement extends YXmlFragment {
    private static final String ROOT_NAME = "UNDEFINED";

    /** Creates an empty element, to be inserted into another type. */
    public YXmlElement(String nodeName) {
        super(Branch.XML_ELEMENT, Values.wellFormed(nodeName));
    }

    YXmlElement(Branch branch) {
        super(branch);
    }

    /** The name of the element as it was given; UNDEFINED for a root. */
    public String nodeName() {
        return branch.item == null && branch.doc() != null ? ROOT_NAME : branch.name();
    }

    /**
     * Sets an attribute. By convention the value is a String, but any value is allowed.
     *
     * @throws IllegalArgumentException if a type cannot hold the value
     */
    public void setAttribute(String name, @Nullable Object value) {
        String key = Values.wellFormed(name);
        Object checked = Lists.checked(Collections.singletonList(value)).get(0);
        edit(transaction -> Lists.set(transaction, branch, key, checked));
    }

    /** Deletes an attribute; does nothing if there is no such attribute. */
    public void removeAttribute(String name) {
        edit(transaction -> Lists.remove(transaction, branch, name));
    }

    /** The value of an attribute, or null if there is none. */
    public @Nullable Object getAttribute(String name) {
        Item item = branch.value(name);
        return item == null ? null : Lists.last(item);
    }

    /** Whether the element has the attribute {@code name}. */
    public boolean hasAttribute(String name) {
        return branch.value(name) != null;
    }

    /** All attributes, as a copy. */
    public Map<String, @Nullable Object> getAttributes() {
        return Attributes.of(branch);
    }

    /** All attributes at the time of a snapshot, for a document without garbage collection. */
    public Map<String, @Nullable Object> getAttributes(Snapshot snapshot) {
        return Attributes.of(branch, snapshot);
    }

    /** The node after this one in its parent, or null. */
    public @Nullable AbstractType nextSibling() {
        return branch.item == null ? null : sibling(branch.item.next());
    }

    /** The node before this one in its parent, or null. */
    public @Nullable AbstractType previousSibling() {
        return branch.item == null ? null : sibling(branch.item.previous());
    }

    @Override
    public YXmlElement copy() {
        return Copies.of(this);
    }
}
