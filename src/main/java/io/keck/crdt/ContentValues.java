package io.keck.crdt;

import org.jspecify.annotations.Nullable;

/** JavaScript values, one per unit, stored in the value buffer of the item's history. */
abstract sealed class ContentValues extends ItemContent permits ContentAny, ContentJSON {
    @Override
    @Nullable
    Object value(Item item, int i) {
        return item.list().value(item.at + i);
    }

    @Override
    void split(Item left, Item right, long offset) {
        right.at = left.at + (int) offset;
    }

    @Override
    boolean merges(Item left, Item right) {
        return left.at + left.length() == right.at;
    }

    @Override
    void drop(Item item) {
        item.list().dropValues(item.at, (int) item.length());
    }

    @Override
    ItemContent copy(Item item, Item copy, StructList own) {
        int at = own.addValue(value(item, 0));
        for (int i = 1; i < item.length(); i++) {
            own.addValue(value(item, i));
        }
        copy.at = at;
        return this;
    }
}
