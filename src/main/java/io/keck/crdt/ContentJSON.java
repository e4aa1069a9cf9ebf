package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.JsonValue;
import io.keck.crdt.store.Refs;

/** Values as JSON text, which old versions of Yjs wrote. Source: Yjs {@code ContentJSON.js}. */
final class ContentJSON extends ContentValues {
    static final ContentJSON INSTANCE = new ContentJSON();

    private ContentJSON() {}

    @Override
    int ref() {
        return Refs.JSON;
    }

    @Override
    void write(Encoder out, Item item, long offset) {
        out.writeVarUint(item.length() - offset);
        for (int i = (int) offset; i < item.length(); i++) {
            Object value = value(item, i);
            out.writeVarString(value == Any.UNDEFINED ? "undefined" : JsonValue.write(value));
        }
    }
}
