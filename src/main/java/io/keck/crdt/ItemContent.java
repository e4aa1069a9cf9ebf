package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Refs;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link Item} holds, one class a kind. Kinds that can be split and merged (text, values, deleted) keep nothing
 * themselves: their content is a section of the buffers of the item's history, so one object serves all items. The other
 * kinds are objects in the value buffer. Source: Yjs {@code Content*.js}.
 */
abstract sealed class ItemContent
        permits ContentBinary,
                ContentDeleted,
                ContentDoc,
                ContentEmbed,
                ContentFormat,
                ContentString,
                ContentType,
                ContentValues {
    /** The kind on the wire, as in {@link Refs}. */
    abstract int ref();

    /** One of the values of the item, as a user sees it. */
    @Nullable
    Object value(Item item, int i) {
        throw new IllegalStateException("content " + ref() + " has no value");
    }

    /** Divides the content of {@code left}, which still has its whole length, at {@code offset}. */
    void split(Item left, Item right, long offset) {
        throw new IllegalStateException("content " + ref() + " cannot be split");
    }

    /** Whether the content of two neighbours, both of this kind, can be that of one item. */
    boolean merges(Item left, Item right) {
        return false;
    }

    /** The item has found its place. */
    void integrate(Transaction transaction, Item item) {}

    /** The item was deleted. */
    void delete(Transaction transaction, Item item) {}

    /** Nobody needs the content any more. */
    void drop(Item item) {
        item.list().dropValues(item.at, 1);
    }

    /** Writes what follows the ids on the wire, from one unit on. */
    abstract void write(Encoder out, Item item, long offset);

    /** The content of a new item at the end of {@code own} that says the same; sets nothing but {@code copy.at}. */
    abstract ItemContent copy(Item item, Item copy, StructList own);
}
