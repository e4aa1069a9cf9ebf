package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;

/** Text, in UTF-16 code units. It stands in the text buffer of the item's history. Source: Yjs {@code ContentString.js}. */
final class ContentString extends ItemContent {
    static final ContentString INSTANCE = new ContentString();

    private ContentString() {}

    @Override
    int ref() {
        return Refs.STRING;
    }

    @Override
    Object value(Item item, int i) {
        return String.valueOf(item.list.text().charAt(item.at + i));
    }

    @Override
    void split(Item left, Item right, long offset) {
        right.at = left.at + (int) offset;
        left.list.text().cutPair(right.at);
    }

    @Override
    boolean merges(Item left, Item right) {
        return right.content == this && left.at + left.length == right.at;
    }

    @Override
    void drop(Item item) {
        item.list.dropText((int) item.length);
    }

    @Override
    void write(Encoder out, Item item, long offset) {
        item.list.text().writeVarString(item.at + (int) offset, item.at + (int) item.length, out);
    }

    @Override
    ItemContent copy(Item item, Item copy, StructList own) {
        copy.at = own.text().length();
        own.text().append(item.list.text(), item.at, item.at + (int) item.length);
        return this;
    }
}
