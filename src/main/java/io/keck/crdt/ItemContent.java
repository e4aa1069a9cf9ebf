package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Refs;
import org.jspecify.annotations.Nullable;

/**
 * The content of an {@link Item}, one class per kind. Kinds that can be split and merged (text, values, deleted) have
 * no fields: their content is a section of the buffers of the item's history, so one object serves all items. The other
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
    /** The kind on the wire, one of the constants of {@link Refs}. */
    abstract int ref();

    /** The value of unit {@code i} of the item, as a user sees it. */
    @Nullable
    Object value(Item item, int i) {
        throw new IllegalStateException("content " + ref() + " has no value");
    }

    /** Divides the content of {@code left}, which still has its whole length, at {@code offset}. */
    void split(Item left, Item right, long offset) {
        throw new IllegalStateException("content " + ref() + " cannot be split");
    }

    /** Whether the contents of two neighbours, both of this kind, can become the content of one item. */
    boolean merges(Item left, Item right) {
        return false;
    }

    /** Called after the item was placed. */
    void integrate(Transaction transaction, Item item) {}

    /** Called after the item was deleted. */
    void delete(Transaction transaction, Item item) {}

    /** Releases the content, which is no longer needed. */
    void drop(Item item) {
        item.list().dropValues(item.at, 1);
    }

    /** Writes the wire form of the content, which follows the ids and the parent info, from unit {@code offset} on. */
    abstract void write(Encoder out, Item item, long offset);

    /**
     * Returns a copy of the content for the new item {@code copy}, at the end of the history {@code own}; sets only
     * {@code copy.at}.
     */
    abstract ItemContent copy(Item item, Item copy, StructList own);
}
