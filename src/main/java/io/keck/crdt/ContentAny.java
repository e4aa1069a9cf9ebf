package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.Refs;

/** Values in lib0's "any" encoding. Source: Yjs {@code ContentAny.js}. */
final class ContentAny extends ContentValues {
    static final ContentAny INSTANCE = new ContentAny();

    private ContentAny() {}

    @Override
    int ref() {
        return Refs.ANY;
    }

    @Override
    void write(Encoder out, Item item, long offset) {
        out.writeVarUint(item.length() - offset);
        for (int i = (int) offset; i < item.length(); i++) {
            Any.write(out, value(item, i));
        }
    }
}
