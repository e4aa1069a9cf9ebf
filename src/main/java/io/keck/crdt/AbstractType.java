package io.keck.crdt;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A type whose content several replicas edit at once: a root of a {@link Doc}, or a value inside another type. Belongs to
 * the thread of its document. Source: Yjs {@code AbstractType.js}.
 *
 * <p>A type made with {@code new} is no part of a document yet. Edits of it are remembered and made when it is inserted
 * somewhere, which can happen once; until then it reads as empty, only its length is known.
 *
 * <p>Values that go into types are those of {@link io.keck.crdt.lib0.Any} (any Number for a number), {@code byte[]},
 * other types and {@link Doc}s. They are copied on the way in, and what is read cannot be changed. All edits check their
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

    /** The document it is in, or null before it was inserted. */
    public @Nullable Doc doc() {
        return branch.doc();
    }

    /** The type it is in; null for a root and before it was inserted. */
    public @Nullable AbstractType parent() {
        Branch parent = branch.parent();
        return parent == null ? null : parent.view();
    }

    /** Whether it was deleted, or is in something that was. Edits of it are then lost. */
    public boolean isDeleted() {
        return branch.isDeleted();
    }

    /** Whether another type stands in this one, at any depth. */
    public boolean isParentOf(AbstractType other) {
        return other != this && branch.contains(other.branch);
    }

    /** Its content as plain values: Map, List, String, Double, Boolean, BigInteger, byte[], null; texts as String. */
    public @Nullable Object toJson() {
        return JsonTree.of(this);
    }

    /**
     * A type with the same content that is no part of a document; observers and history stay here. Types in it are
     * copied too, at any depth; so are documents in it, which are empty then and have the same guid.
     */
    public abstract AbstractType copy();

    /** Calls that after each transaction that changed this type itself. */
    public Subscription observe(Consumer<YEvent> observer) {
        return Observers.subscribe(branch.observers, observer);
    }

    /** Calls that after each transaction that changed this type or one in it; events nearer to it come first. */
    public Subscription observeDeep(Consumer<List<YEvent>> observer) {
        return Observers.subscribe(branch.deepObservers, observer);
    }

    // ---- for the types

    /** Makes an edit whose arguments were checked, now or when the type is inserted. */
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

    /** Notes what an edit will do to the length, so that the next one can be checked. */
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

    /** Somebody inserts it. */
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
