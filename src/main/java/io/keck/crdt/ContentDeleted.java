package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Refs;

/** Content that was deleted and collected: only its length is left. Source: Yjs {@code ContentDeleted.js}. */
final class ContentDeleted extends ItemContent {
    static final ContentDeleted INSTANCE = new ContentDeleted();

    private ContentDeleted() {}

    @Override
    int ref() {
        return Refs.DELETED;
    }

    @Override
    void split(Item left, Item right, long offset) {}

    @Override
    boolean merges(Item left, Item right) {
        return true;
    }

    @Override
    void drop(Item item) {}

    @Override
    void integrate(Transaction transaction, Item item) {
        transaction.addDeleted(item);
        item.markDeleted();
    }

    @Override
    void write(Encoder out, Item item, long offset) {
        out.writeVarUint(item.length() - offset);
    }

    @Override
    ItemContent copy(Item item, Item copy, StructList own) {
        return this;
    }
}
