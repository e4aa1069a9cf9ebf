package io.keck.crdt;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A type whose content several replicas edit at once: a root of a {@link Doc}, or a value inside another type. Belongs
 * to the thread of its document. Source: Yjs {@code AbstractType.js}.
 *
 * <p>A type created with {@code new} is not part of a document yet. Its edits are recorded and executed when it is
 * inserted, which can happen once; until then it reads as empty, and only its length is known.
 *
 * <p>Values in types are those of {@link io.keck.crdt.lib0.Any} (any Number for a number), {@code byte[]}, other types
 * and {@link Doc}s. They are copied on insertion, and values that are read cannot be changed. All edits check their
 * arguments before they change anything.
 */
public abstract sealed class AbstractType permits YArray, YMap, YText, YXmlFragment {
    final Branch branch;
    private @Nullable List<Consumer<Transaction>> preliminary;
    private boolean taken;

    AbstractType(Branch branch) {
        this.branch = branch;
    }

    AbstractType(int kind, String name) {
        this.branch = new Branch(kind, name, this);
        this.preliminary = new ArrayList<>(1);
    }

    /** The document that the type is in, or null before it is inserted. */
    public @Nullable Doc doc() {
        return branch.doc();
    }

    /** The type that contains this one; null for a root, and before it is inserted. */
    public @Nullable AbstractType parent() {
        Branch parent = branch.parent();
        return parent == null ? null : parent.view();
    }

    /** Whether the type, or one that contains it, was deleted. Edits of it are lost then. */
    public boolean isDeleted() {
        return branch.isDeleted();
    }

    /** Whether {@code other} is inside this type, at any depth. */
    public boolean isParentOf(AbstractType other) {
        return other != this && branch.contains(other.branch);
    }

    /** The content as plain values: Map, List, String, Double, Boolean, BigInteger, byte[], null; texts as String. */
    public @Nullable Object toJson() {
        return JsonTree.of(this);
    }

    /**
     * Returns a copy of the content that is not part of a document, without observers and history. Types inside are
     * copied too, at any depth; documents inside become empty documents with the same guid.
     */
    public abstract AbstractType copy();

    /** Calls {@code observer} after each transaction that changed this type itself. */
    public Subscription observe(Consumer<YEvent> observer) {
        return Observers.subscribe(branch.observers, observer);
    }

    /**
     * Calls {@code observer} after each transaction that changed this type or one inside it, with the events of the
     * nearest types first.
     */
    public Subscription observeDeep(Consumer<List<YEvent>> observer) {
        return Observers.subscribe(branch.deepObservers, observer);
    }

    // ---- for subclasses

    /** Executes an edit whose arguments were checked: now, or when the type is inserted. */
    final void edit(Consumer<Transaction> edit) {
        Doc doc = branch.doc();
        if (doc != null) {
            doc.transact(edit);
        } else if (preliminary != null) {
            preliminary.add(edit);
        }
    }

    final boolean isPreliminary() {
        return branch.doc() == null;
    }

    /** Records how an edit will change the length, so that the next edit can be checked. */
    final void preliminaryLength(long change) {
        if (isPreliminary()) {
            branch.length += change;
        }
    }

    final void integratePreliminary() {
        List<Consumer<Transaction>> edits = preliminary;
        Doc doc = branch.doc();
        if (edits != null && doc != null) {
            preliminary = null;
            branch.length = 0;
            doc.transact(transaction -> transaction.fill(edits));
        }
    }

    /**
     * Marks the type as inserted.
     *
     * @throws IllegalArgumentException if it was inserted before or is a root
     */
    final void take() {
        if (taken || branch.doc() != null) {
            throw new IllegalArgumentException("a type can be inserted once, and a root not at all; insert a copy()");
        }
        taken = true;
    }

    final int lengthAsInt() {
        return Math.toIntExact(branch.length);
    }

    final void checkIndex(int index) {
        if (index < 0 || index > branch.length) {
            throw new IndexOutOfBoundsException("index " + index + " is not within 0.." + branch.length);
        }
    }

    final void checkRange(int index, int length) {
        if (index < 0 || length < 0 || (long) index + length > branch.length) {
            throw new IndexOutOfBoundsException(
                    "range of " + length + " from index " + index + " is not within 0.." + branch.length);
        }
    }
}
