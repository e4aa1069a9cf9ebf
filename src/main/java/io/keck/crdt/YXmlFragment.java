package io.keck.crdt;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A list of XML nodes: {@link YXmlElement}, {@link YXmlText}, {@link YXmlHook}, {@link YXmlFragment}. Indexes count
 * nodes. See {@link AbstractType}. Source: Yjs {@code YXmlFragment.js}.
 */
public sealed class YXmlFragment extends AbstractType permits YXmlElement {
    /** Creates an empty fragment, to be inserted into another type. */
    public YXmlFragment() {
        this(Branch.XML_FRAGMENT, "");
    }

    YXmlFragment(int kind, String name) {
        super(kind, name);
    }

    YXmlFragment(Branch branch) {
        super(branch);
    }

    /** The number of children. */
    public final int length() {
        return lengthAsInt();
    }

    /**
     * Inserts nodes before a child, or at the end.
     *
     * @throws IndexOutOfBoundsException if {@code index} is not within 0 and the length
     * @throws IllegalArgumentException if a node is not an XML node, or is part of a document already
     */
    public final void insert(int index, List<? extends AbstractType> nodes) {
        checkIndex(index);
        for (AbstractType node : nodes) {
            if (node.branch.kind() < Branch.XML_ELEMENT) {
                throw new IllegalArgumentException(
                        "not an XML node: " + node.getClass().getSimpleName());
            }
        }
        if (!nodes.isEmpty()) {
            List<@Nullable Object> checked = Lists.checked(nodes);
            preliminaryLength(checked.size());
            edit(transaction -> Lists.insert(transaction, branch, index, checked));
        }
    }

    /** Inserts one node; see {@link #insert(int, List)}. */
    public final void insert(int index, AbstractType node) {
        insert(index, List.of(node));
    }

    /**
     * Inserts nodes after a child, or at the start.
     *
     * @param reference the child, or null for the start
     * @throws IllegalArgumentException if {@code reference} is not a child of this node, or a node cannot be inserted
     */
    public final void insertAfter(@Nullable AbstractType reference, List<? extends AbstractType> nodes) {
        int index = reference == null ? 0 : children().indexOf(reference) + 1;
        if (reference != null && index == 0) {
            throw new IllegalArgumentException("not a child of this node");
        }
        insert(index, nodes);
    }

    /** Adds a node at the end. */
    public final void push(AbstractType node) {
        insert(length(), List.of(node));
    }

    /**
     * Deletes children.
     *
     * @throws IndexOutOfBoundsException if the range is not within the children
     */
    public final void delete(int index, int length) {
        checkRange(index, length);
        if (length > 0) {
            preliminaryLength(-length);
            edit(transaction -> Lists.delete(transaction, branch, index, length));
        }
    }

    /**
     * Returns one child; null if the value at the index is not a node.
     *
     * @throws IndexOutOfBoundsException if there is no such child
     */
    public final @Nullable AbstractType get(int index) {
        checkRange(index, 1);
        return !isPreliminary() && Lists.get(branch, index) instanceof AbstractType node ? node : null;
    }

    /** The first child, or null if there is none. */
    public final @Nullable AbstractType firstChild() {
        return length() == 0 ? null : get(0);
    }

    /** The children, as a copy. */
    public final List<AbstractType> children() {
        List<AbstractType> nodes = new ArrayList<>(length());
        Lists.forEach(branch, value -> {
            if (value instanceof AbstractType node) {
                nodes.add(node);
            }
        });
        return Collections.unmodifiableList(nodes);
    }

    /** The children one by one. The fragment must not be edited meanwhile. */
    public final Iterator<@Nullable Object> elements() {
        return new Lists.Elements(branch);
    }

    /** All nodes inside this one, at any depth, in document order. */
    public final List<AbstractType> descendants() {
        List<AbstractType> found = new ArrayList<>();
        ArrayDeque<AbstractType> todo = new ArrayDeque<>();
        for (AbstractType next = this; next != null; next = todo.poll()) {
            if (next != this) {
                found.add(next);
            }
            if (next instanceof YXmlFragment parent) {
                List<AbstractType> children = parent.children();
                for (int i = children.size() - 1; i >= 0; i--) {
                    todo.push(children.get(i));
                }
            }
        }
        return Collections.unmodifiableList(found);
    }

    /** All elements of that name inside this node, at any depth; names are compared without case, as in Yjs. */
    public final List<YXmlElement> querySelectorAll(String nodeName) {
        List<YXmlElement> found = new ArrayList<>();
        for (AbstractType node : descendants()) {
            if (node instanceof YXmlElement element && element.nodeName().equalsIgnoreCase(nodeName)) {
                found.add(element);
            }
        }
        return Collections.unmodifiableList(found);
    }

    /** The first element of that name inside this node, at any depth, or null. */
    public final @Nullable YXmlElement querySelector(String nodeName) {
        List<YXmlElement> all = querySelectorAll(nodeName);
        return all.isEmpty() ? null : all.get(0);
    }

    /** The node that is the content of an item, or null. */
    static @Nullable AbstractType sibling(@Nullable Item item) {
        return item != null && item.content() instanceof ContentType type ? type.branch.view() : null;
    }

    /** The XML as text; attributes sorted by name, nothing escaped, as in Yjs. */
    @Override
    public final String toString() {
        return XmlText.of(this);
    }

    /**
     * Returns the result of {@link #toString} in pieces, as {@link YText#pieces} does. The XML must not be edited
     * meanwhile.
     */
    public final Iterator<String> pieces() {
        return XmlText.pieces(this);
    }

    @Override
    public YXmlFragment copy() {
        return Copies.of(this);
    }
}
