package io.keck.crdt;

import io.keck.crdt.store.Id;
import org.jspecify.annotations.Nullable;

/**
 * A piece of content as a filter sees it ({@link DocOptions#gcFilter()}, {@link UndoOptions#deleteFilter()}). Valid
 * only during the call of the filter. Source: Yjs {@code Item.js}.
 */
public final class ItemView {
    private final Item item;

    ItemView(Item item) {
        this.item = item;
    }

    /** Client and clock of its first unit. */
    public Id id() {
        return item.id();
    }

    /** The number of clocks it takes. */
    public long length() {
        return item.length();
    }

    /** Whether it is deleted. */
    public boolean isDeleted() {
        return item.isDeleted();
    }

    /** The key under which it is in its parent, or null if it is in the list. */
    public @Nullable String key() {
        return item.parentSub();
    }

    /** The type that contains it, or null if that is a root that was not requested under a kind. */
    public @Nullable AbstractType parent() {
        return item.parent().kind() == Branch.UNKNOWN ? null : item.parent().view();
    }

    /** Whether it is in {@code type}, at any depth. */
    public boolean isIn(AbstractType type) {
        return type.branch.contains(item.parent());
    }

    /** The shared type that is its content, or null if its content is of another kind. */
    public @Nullable AbstractType type() {
        return item.content() instanceof ContentType content ? content.branch.view() : null;
    }

    @Override
    public String toString() {
        return "ItemView[" + item.id() + "]";
    }
}
